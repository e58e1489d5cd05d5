"""A run that fails after many newer ones is told of all the same."""

from __future__ import annotations

from typing import Any

import pytest
import redis as redis_py

from rqclock import Clock
from tests.integration.alerts.test_look import Watched, refuse
from tests.support import jobs
from tests.support.leader import Leader, Time


def test_a_failure_is_told_however_many_newer_runs_there_are(
    redis: redis_py.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    clock.every("10 seconds", name="report").enqueue(jobs.plain)
    leader = Leader(redis, clock, Time(redis.time()[0] - 150.0)).lead()
    watched = Watched(redis, leader)
    leader.step(10)
    slow: Any = redis.lpop("rq:queue:default")
    for _ in range(14):
        leader.step(10)
        leader.work()
        leader.beat()
        watched.watch()
    assert slow and watched.told == {}
    redis.rpush("rq:queue:default", slow)
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "plain", refuse)
        leader.work()
    assert watched.watch() == {("alert", "failed-for-good"): 1}
    assert watched.watch() == {}
    leader.time.pass_by(300)  # of the test's time; the failure is of the machine's, which has gone on
    leader.beat()
    assert watched.watch() == {("back", "failed-for-good"): 1}
