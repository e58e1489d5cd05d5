"""One record that nobody can read hides nothing else: of other Clocks, of failed jobs, of the server."""

from __future__ import annotations

import pytest
import redis as redis_py

from rqclock import Clock
from rqclock.alerts.look import Look
from tests.support import jobs
from tests.support.leader import Leader

BREAKING = {
    "a lease whose time is no number": ("HSET", "rq:clock:other:lease", "at", "soon"),
    "a lease that is a text": ("SET", "rq:clock:other:lease", "mine"),
    "a definition that is no JSON": ("HSET", "rq:clock:other:definitions", "tick", "{"),
    "a cursor that is no number": ("HSET", "rq:clock:other:cursors", "tick", "soon"),
}


@pytest.mark.parametrize("command", BREAKING.values(), ids=BREAKING)
def test_a_silent_clock_is_told_beside_one_that_cannot_be_read(redis: redis_py.Redis, command: tuple[str, ...]) -> None:
    for name in ("other", "own"):
        clock = Clock(name=name)
        clock.every("second", name="tick").enqueue(jobs.plain)
        Leader(redis, clock).lead().step(3)
    look = Look(redis, "rq", silent_after=5.0)
    look.at_clocks(100.0)
    redis.delete("rq:clock:other:lease") if command[0] == "SET" else None
    redis.execute_command(*command)
    silent = {one.clock for one in look.at_clocks(110.0).findings if one.bad}
    rest = look.at_the_rest(float(redis.time()[0]))
    assert "own" in silent
    assert ("failed-for-good", "own") in rest.scopes
    assert "redis-evicts" in {one.kind.slug for one in rest.findings}
