"""What somebody else has written under our keys ends no command and no page that looks: it is named and left out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis as redis_py

from rqclock.store.ledger import NotPublished
from rqclock.store.replies import leave_out
from rqclock.store.ticks import iso
from rqclock.views.status import read_status
from tests.support.command import Rqclock
from tests.support.leader import Leader

ROOT = "rq:clock:default:"
GARBAGE = ("no JSON", "[]", "5", "{}", '{"is": 7, "status": 7, "began": "?", "name": 7}', b"\xff\xfe", "[" * 100_000)
LOOKING = (
    ("status",),
    ("status", "--json"),
    ("history", "tick"),
    ("history", "broken", "--json"),
    ("why", "tick"),
    ("audit",),
    ("audit", "tick", "--json"),
    ("pause", "broken", "--reason", "the register is down"),
    ("resume", "broken"),
    ("failed", "list"),
    ("backfill", "broken", "--from", "1 minute", "--dry-run"),
)


@pytest.fixture(autouse=True)
def said_again() -> None:
    leave_out.cache_clear()


@pytest.fixture
def ran(leader: Leader) -> Leader:
    leader.step(3)
    leader.work()
    return leader


def poison(redis: redis_py.Redis, place: str, garbage: str | bytes) -> None:
    """Put it into the place of something that is read: a field of a hash, or an item of a list."""
    key = ROOT + place
    if redis.type(key) == b"list":
        redis.execute_command("LSET", key, 0, garbage)
    else:
        redis.hset(key, "tick" if place == "definitions" else min(redis.hkeys(key)), garbage)


@pytest.fixture
def look(rqclock: Rqclock, ran: Leader, caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Every command that looks comes to its end, with an exit code that it may have; what the log said of it."""

    def look() -> list[str]:
        for command in LOOKING:
            words = [*command, iso(ran.time.now - 2)] if command[0] == "why" else [*command]
            words += ["--to", iso(ran.time.now + 1)] if command[0] == "audit" else []
            said = rqclock(*words)
            assert said.code in (0, 1), (command, said)
        return caplog.messages

    return look


@pytest.mark.parametrize("garbage", ["x", "", "1e400", "9" * 30, "-5", "1795326133.5"])
@pytest.mark.parametrize("name", ["held", "at", "life", "pid", "since", "epoch"])
def test_an_unreadable_lease_ends_no_command_either(
    look: Callable[[], list[str]], redis: redis_py.Redis, name: str, garbage: str
) -> None:
    redis.hset(ROOT + "lease", name, garbage)
    look()


@pytest.mark.parametrize("garbage", GARBAGE)
@pytest.mark.parametrize("place", ["ledger:tick", "outcomes:tick", "versions:tick", "definitions", "members"])
def test_an_unreadable_value_ends_no_command_that_looks(
    look: Callable[[], list[str]], redis: redis_py.Redis, place: str, garbage: str | bytes
) -> None:
    poison(redis, place, garbage)
    said = look()
    assert place == "members" or [line for line in said if "cannot be read: " in line]


@pytest.mark.parametrize("place", ["ledger:tick", "outcomes:tick", "index:tick", "versions:tick"])
def test_a_key_of_one_schedule_that_holds_something_else_hides_no_other(
    rqclock: Rqclock, ran: Leader, redis: redis_py.Redis, place: str
) -> None:
    redis.delete(ROOT + place)
    redis.set(ROOT + place, "something else")
    shown = {schedule.name: schedule.runs for schedule in read_status(redis, ran.keys).schedules}
    assert len(shown["broken"]) == 3 and set(shown) == {"tick", "broken", "sums"}
    assert rqclock("status").code == 0
    assert rqclock("history", "tick").code == 0


def test_a_row_that_cannot_be_read_is_seen_and_the_others_are_as_they_were(
    rqclock: Rqclock, ran: Leader, redis: redis_py.Redis
) -> None:
    poison(redis, "ledger:tick", "no JSON")
    lines = rqclock("history", "tick", "--json").lines
    assert [line["decision"] for line in lines] == ["enqueued", "enqueued", "unreadable"]
    assert rqclock("audit", "tick", "--to", iso(ran.time.now + 1)).code == 1
    assert len(rqclock("history", "broken", "--json").lines) == 3


def test_a_definition_that_cannot_be_read_is_left_out_and_the_others_stay(
    rqclock: Rqclock, ran: Leader, redis: redis_py.Redis
) -> None:
    redis.hset(f"{ROOT}definitions", "tick", "no JSON")
    assert {schedule["name"] for schedule in rqclock("status", "--json").json["schedules"]} == {"broken", "sums"}
    ran.look_anew(publish=True)  # as a clock does that comes
    assert {schedule["name"] for schedule in rqclock("status", "--json").json["schedules"]} == {
        "broken",
        "sums",
        "tick",
    }


def test_a_cursor_that_is_no_number_is_put_right_by_the_clock(
    look: Callable[[], list[str]], ran: Leader, redis: redis_py.Redis
) -> None:
    redis.hset(f"{ROOT}cursors", "tick", "soon")
    look()
    with pytest.raises(NotPublished):
        ran.look_anew()
    ran.look_anew(publish=True)
    ran.step(1)
    assert sorted(ran.decisions("tick").values()) == ["enqueued"] * 4
