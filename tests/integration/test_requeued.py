"""Jobs that failed for good and that a person had run again: what their history says, and what else may befall them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import redis as redis_py
from rq import Queue

from rqclock import Clock
from rqclock.acts.activity import By
from rqclock.acts.failed import REQUEUE, FailedJobs, Filter
from rqclock.aftercare.outcomes import Outcomes
from rqclock.store.replies import texts
from rqclock.views.history import Run, read_history
from tests.integration.test_reaper import KEYS, Mortal, Reaping, queued
from tests.support import jobs
from tests.support.leader import BEGAN, Leader

Dies = Callable[[redis_py.Redis, Reaping], None]
BY = By("Ann", "the register is back", "a test")


@pytest.fixture
def leader(redis: redis_py.Redis) -> Leader:
    """One run of a job that always fails."""
    clock = Clock()
    clock.every("second", name="tick").enqueue(jobs.fail)
    leader = Leader(redis, clock).lead()
    leader.step(1)
    return leader


def requeue(redis: redis_py.Redis) -> int:
    failed, wanted = FailedJobs(redis, KEYS), Filter()
    return failed.act(REQUEUE, list(failed.find(wanted)), BY, wanted)["done"]


def loses_its_worker(redis: redis_py.Redis, reaping: Reaping) -> None:
    mortal = Mortal(redis)
    mortal.starts()
    mortal.lies_dead()
    reaping.looks(2)
    Outcomes(redis, KEYS).step(0)


def loses_its_horse(redis: redis_py.Redis, reaping: Reaping) -> None:
    mortal = Mortal(redis)
    job = mortal.starts()
    words = "Work-horse terminated unexpectedly; waitpid returned 9 (signal 9); "
    mortal.worker.handle_job_failure(job, Queue("default", connection=redis), exc_string=words)
    reaping.looks(2)
    Outcomes(redis, KEYS).step(0)


def run_of(redis: redis_py.Redis, leader: Leader) -> Run:
    return read_history(redis, KEYS, leader.schedule(), 10)[-1]


def story(run: Run) -> list[tuple[int, str]]:
    return [(one["attempt"], one["is"]) for one in run.attempts]


@pytest.mark.parametrize("dies", [loses_its_worker, loses_its_horse])
def test_one_that_then_loses_its_worker_once_is_queued_again(redis: redis_py.Redis, leader: Leader, dies: Dies) -> None:
    reaping = Reaping(redis)
    for _ in range(3):
        leader.work()
        assert requeue(redis) == 1
    dies(redis, reaping)
    assert queued(redis) == leader.ids(1)
    leader.work()
    run = run_of(redis, leader)
    assert (run.status, run.attempt) == ("failed", 5)
    assert story(run) == [(1, "failed"), (2, "failed"), (3, "failed"), (4, "lost")]


def test_one_that_was_abandoned_has_each_loss_once_in_its_history(redis: redis_py.Redis, leader: Leader) -> None:
    reaping = Reaping(redis)
    for _ in range(3):
        loses_its_worker(redis, reaping)
    assert run_of(redis, leader).status == "abandoned"
    for _ in range(2):
        assert requeue(redis) == 1
        leader.work()
    run = run_of(redis, leader)
    assert (run.status, run.attempt) == ("failed", 5)
    assert story(run) == [(1, "lost"), (2, "lost"), (3, "abandoned"), (4, "failed")]


def test_retries_are_counted_once_however_often_it_is_run_again(redis: redis_py.Redis, leader: Leader) -> None:
    for _ in range(3):
        leader.work()
        requeue(redis)
    leader.work()
    assert "retries" not in texts(redis.hgetall(KEYS.named("totals")))  # what is 0 is not written


@pytest.mark.parametrize(
    "garbage",
    [
        '{"status":"failed","started":NaN}',
        '{"status":"failed","attempt":1e999}',
        '{"status":"failed","attempts":{"5":1}}',
        '{"attempts":[[[]],5,"x"]}',
        '{"attempt":"x","ended":{"a":[]}}',
        "[]",
        "x",
    ],
)
def test_garbage_in_its_outcome_keeps_nobody_from_running_it_again(
    redis: redis_py.Redis, leader: Leader, garbage: str
) -> None:
    leader.work()
    redis.hset(KEYS.of("outcomes", "tick"), str(BEGAN + 1), garbage)
    assert requeue(redis) == 1
    assert queued(redis) == leader.ids(1)
    assert redis.zscore(KEYS.named("open"), leader.ids(1)[0]) is not None
    leader.work()
    row = json.loads(redis.hget(KEYS.of("outcomes", "tick"), str(BEGAN + 1)) or "")
    assert (row["status"], row["attempt"]) == ("failed", 2)
