"""`rqclock forget`: a Clock that was renamed or given up leaves nothing behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import redis as redis_py
from click.testing import CliRunner, Result

from rqclock import Clock
from rqclock.acts.activity import Entry
from rqclock.alerts.finding import Finding
from rqclock.alerts.kinds import CLOCK_SILENT
from rqclock.alerts.register import Register
from rqclock.cli import commands
from rqclock.errors import RqclockError
from rqclock.store.presence import clocks
from tests.support import jobs
from tests.support.leader import BEGAN, Leader
from tests.support.server import Server


@pytest.fixture
def run(redis_server: Server) -> Callable[..., Result]:
    env = {"REDIS_URL": redis_server.url}
    return lambda *arguments: CliRunner().invoke(commands, ["forget", *arguments], env=env)


def clock(redis: redis_py.Redis, name: str) -> Leader:
    made = Clock(name=name)
    made.every("second", name=f"tick of {name}").enqueue(jobs.plain)
    leader = Leader(redis, made).lead()
    leader.step(3)
    return leader


def test_nothing_is_left_of_it_and_all_of_the_others(redis: redis_py.Redis, run: Callable[..., Result]) -> None:
    old, new = clock(redis, "old name"), clock(redis, "old name 2")
    old.lease.leave()
    new.lease.leave()
    names: Any = redis.keys("*")
    kept = {key for key in names if not key.startswith(old.keys.root.encode())}
    result = run("old name", "--yes", "--reason", "renamed")
    assert result.exit_code == 0 and "forgot the Clock 'old name'" in result.output
    assert set(redis.keys("*")) == kept
    assert clocks(redis, "rq") == ["old name 2"]
    assert redis.llen("rq:queue:default") == 6  # what was queued is still to be done


def test_that_it_was_the_last_one_is_noted_so_that_no_clock_is_missed(
    redis: redis_py.Redis, run: Callable[..., Result]
) -> None:
    clock(redis, "one").lease.leave()
    clock(redis, "two").lease.leave()
    run("one", "--yes")
    assert not redis.exists("rq:forgotten")
    run("two", "--yes")
    assert redis.get("rq:forgotten") == b"two"


def test_programs_are_told_how_many_keys(redis: redis_py.Redis, run: Callable[..., Result]) -> None:
    old = clock(redis, "old name")
    old.lease.leave()
    keys: Any = redis.keys(f"{old.keys.root}*")
    assert json.loads(run("old name", "--yes", "--json").stdout) == {"clock": "old name", "keys": len(keys)}


def test_its_open_alerts_are_closed(redis: redis_py.Redis, run: Callable[..., Result]) -> None:
    old = clock(redis, "old")
    old.lease.leave()
    register = Register(redis, "rq")
    finding = Finding(CLOCK_SILENT, True, clock="old", subject="old", name="old", text="the clock is silent")
    register.raise_(finding, {"id": "1"}, channels=[], now=BEGAN, entry=Entry("alert", "rqclock"))
    assert register.open()
    run("old", "--yes")
    assert not register.open()


def test_a_clock_that_runs_is_not_forgotten(redis: redis_py.Redis, run: Callable[..., Result]) -> None:
    living = clock(redis, "living")
    now = int(redis.time()[0] * 1000)
    redis.hset(living.keys.named("lease"), "at", now)
    result = run("living", "--yes")
    assert isinstance(result.exception, RqclockError) and "stop it first" in str(result.exception)
    assert redis.exists(living.keys.named("timetable"))


def test_a_clock_whose_long_lease_lets_it_beat_seldom_is_not_forgotten_either(
    redis: redis_py.Redis, run: Callable[..., Result]
) -> None:
    slow = clock(redis, "slow")
    redis.hset(slow.keys.named("lease"), mapping={"at": int(redis.time()[0] - 50) * 1000, "life": 60_000})
    assert "stop it first" in str(run("slow", "--yes").exception)


def test_an_unknown_name_is_refused_with_the_nearest(redis: redis_py.Redis, run: Callable[..., Result]) -> None:
    clock(redis, "billing")
    result = run("biling", "--yes")
    assert 'did you mean "billing"?' in str(result.exception)


def test_it_asks_where_somebody_can_answer_and_refuses_where_not(
    redis: redis_py.Redis, run: Callable[..., Result]
) -> None:
    clock(redis, "old").lease.leave()
    assert "--yes" in run("old").output
    assert clocks(redis, "rq") == ["old"]
