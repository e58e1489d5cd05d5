"""Who counts as there: by the last beat, the life of the lease, and the time that the process itself goes by."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rqclock.running.redis_time import RedisTime
from rqclock.store.presence import Present, present

NOW = 1_800_000_000.0
HOUR = 3600


def facts(host: str, *, before: float = 0.0, **more: Any) -> dict[str, Any]:
    """What a clock has left behind that beat so many seconds ago by its own time."""
    at = int((NOW - before) * 1000)
    return {"host": host, "pid": 7, "since": at, "at": at, "beat": 3, "generation": 1, "held": 0, "life": 2000} | more


def read(leader: dict[str, Any], *standbys: dict[str, Any], server: float = NOW) -> Present:
    lease = {name: str(value) for name, value in (leader | {"owner": "a:7", "epoch": 4}).items()}
    members = {f"{one['host']}:{n}".encode(): json.dumps(one).encode() for n, one in enumerate(standbys)}
    return present(lease, members, server)


def test_a_leader_that_beat_lately_leads() -> None:
    there = read(facts("a", before=9), facts("b", before=9))
    assert there.leader and (there.leader.host, there.leader.epoch, there.silent_since) == ("a", 4, None)
    assert [standby.host for standby in there.standbys] == ["b"]


@pytest.mark.parametrize("before", [11, -11])
def test_one_that_beat_long_ago_or_in_the_future_does_not(before: float) -> None:
    there = read(facts("a", before=before), facts("b", before=before))
    assert there.leader is None and there.standbys == []
    assert there.silent_since == NOW - before


def test_with_a_long_lease_there_are_long_pauses_between_two_beats() -> None:
    there = read(facts("a", before=50, life=60_000), facts("b", before=50, life=60_000))
    assert there.leader and there.standbys
    assert read(facts("a", before=121, life=60_000)).leader is None


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_while_redis_s_time_is_held_everything_goes_by_the_clocks_time(jump: int) -> None:
    there = read(facts("a", held=jump * 1000), facts("b", held=jump * 1000), server=NOW + jump)
    assert there.leader and there.leader.host == "a"
    assert [standby.held for standby in there.standbys] == [jump]
    assert (there.now, there.held) == (NOW, jump)


@pytest.mark.parametrize("jump", [20, -20, -29])
def test_a_leader_that_works_off_a_small_jump_is_seen_all_the_time(jump: int) -> None:
    time = RedisTime()
    time.offer(NOW, 0.0, 0.0, NOW)
    for second in range(1, 300):
        server = NOW + second + jump
        time.offer(server, second, second, NOW + second)
        at = int(time.now(second) * 1000)
        there = read(facts("a", held=int(time.behind * 1000)) | {"at": at}, server=server)
        assert there.leader and abs(there.now - at / 1000) < 0.01


def test_a_standby_that_believes_the_jump_is_there_too() -> None:
    there = read(facts("a", held=HOUR * 1000), facts("b", before=-HOUR), server=NOW + HOUR)
    assert [standby.host for standby in there.standbys] == ["b"]


def test_a_member_that_nobody_of_us_has_written_is_passed_over() -> None:
    lease: dict[str, str] = {}
    members = {b"x": b"garbage", b"y": b"[]", b"z": b'{"at": 1}', b"b": json.dumps(facts("b")).encode()}
    assert [standby.host for standby in present(lease, members, NOW).standbys] == ["b"]
