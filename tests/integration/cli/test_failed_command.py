"""`rqclock failed`: what failed for good is listed, queued again or discarded; nobody does it to many by mistake."""

from __future__ import annotations

import json
from typing import Any

import pytest
import redis as redis_py
from rq import Queue, SimpleWorker

from rqclock import Job
from rqclock.acts import activity
from rqclock.jobs.serializer import JobSerializer
from rqclock.store.replies import text
from rqclock.views.history import read_history
from tests.support import jobs
from tests.support.command import Rqclock
from tests.support.leader import Leader


@pytest.fixture
def failures(leader: Leader, redis: redis_py.Redis) -> Leader:
    """Two failed runs of `broken`, and one failed job of an application on the queue mail."""
    leader.step(2)
    leader.work()
    mail = Queue("mail", connection=redis, job_class=Job, serializer=JobSerializer)
    mail.enqueue(jobs.fail, job_id="letter", description="a letter")
    SimpleWorker(["mail"], connection=redis, job_class=Job).work(burst=True, logging_level="CRITICAL")
    return leader


def failed(redis: redis_py.Redis, queue: str = "default") -> list[str]:
    return [text(job) for job in redis.zrange(f"rq:failed:{queue}", 0, -1)]


def queued(redis: redis_py.Redis, queue: str = "default") -> list[str]:
    return [text(job) for job in redis.lrange(f"rq:queue:{queue}", 0, -1)]


def entries(redis: redis_py.Redis, leader: Leader) -> list[Any]:
    return list(activity.read(redis, leader.keys))


def test_the_list_shows_queue_schedule_and_the_line_that_says_why(rqclock: Rqclock, failures: Leader) -> None:
    shown = rqclock("failed", "list")
    assert shown.code == 1
    for word in ("broken", "mail", "a letter", "ValueError: the door is shut"):
        assert word in shown.out


def test_the_list_for_programs(rqclock: Rqclock, failures: Leader) -> None:
    lines = [json.loads(line) for line in rqclock("failed", "list", "--queue", "mail", "--json").out.splitlines()]
    [found] = lines
    assert (found["job_id"], found["schedule"], found["error"]) == ("letter", "", "ValueError: the door is shut")
    assert found["failed_at"].endswith("Z")


def test_nothing_failed_is_said_and_is_no_error(rqclock: Rqclock, leader: Leader) -> None:
    shown = rqclock("failed", "list")
    assert (shown.code, shown.out) == (0, "no job has failed for good\n")


def test_one_job_is_queued_again_under_its_id_and_its_run_is_open(
    rqclock: Rqclock, failures: Leader, redis: redis_py.Redis
) -> None:
    before = queued(redis)
    job_id = failed(redis)[0]
    assert rqclock("failed", "requeue", job_id, "--by", "Ann", "--reason", "the door is open").code == 0
    assert queued(redis) == [*before, job_id]
    assert job_id not in failed(redis)
    runs = read_history(redis, failures.keys, failures.schedule("broken"), 10)
    assert [run.status for run in runs if run.job_id == job_id] == ["queued"]
    [entry] = entries(redis, failures)
    assert (entry.what, entry.who, entry.why) == ("requeued failed jobs", "Ann", "the door is open")
    assert entry.detail == {"jobs": 1, "of": "jobs 1"}


def test_many_are_not_touched_where_nobody_can_be_asked(
    rqclock: Rqclock, failures: Leader, redis: redis_py.Redis
) -> None:
    before = failed(redis)
    shown = rqclock("failed", "discard", "--schedule", "broken")
    assert shown.code == 2
    assert "would discard 2 jobs (schedule broken): say --yes" in shown.err
    assert failed(redis) == before


def test_those_of_a_schedule_are_queued_again(rqclock: Rqclock, failures: Leader, redis: redis_py.Redis) -> None:
    shown = rqclock("failed", "requeue", "--schedule", "broken", "--yes")
    assert "2 of 2 failed jobs queued again" in shown.out
    assert (failed(redis), failed(redis, "mail")) == ([], ["letter"])
    assert entries(redis, failures)[0].schedule == "broken"


def test_discarded_jobs_are_gone_and_the_history_stays(
    rqclock: Rqclock, failures: Leader, redis: redis_py.Redis
) -> None:
    ids = failed(redis)
    assert rqclock("failed", "discard", "--all", "--yes", "--json").json == {"found": 3, "done": 3}
    assert [redis.exists(f"rq:job:{job}", f"rq:results:{job}") for job in [*ids, "letter"]] == [0, 0, 0]
    runs = read_history(redis, failures.keys, failures.schedule("broken"), 10)
    assert {run.status for run in runs} == {"failed"}


def test_younger_ones_are_left_alone(rqclock: Rqclock, failures: Leader, redis: redis_py.Redis) -> None:
    shown = rqclock("failed", "discard", "--older-than", "1 hour", "--yes")
    assert shown.code == 1
    assert len(failed(redis)) == 2


@pytest.mark.parametrize("arguments", [(), ("--all", "--queue", "mail")])
def test_one_must_say_which(rqclock: Rqclock, failures: Leader, arguments: tuple[str, ...]) -> None:
    shown = rqclock("failed", "requeue", *arguments)
    assert shown.code == 2
    assert "say which" in shown.err


def test_a_job_that_is_run_again_meanwhile_is_not_queued_twice(
    rqclock: Rqclock, failures: Leader, redis: redis_py.Redis
) -> None:
    Queue("mail", connection=redis).failed_job_registry.requeue(Job.fetch("letter", connection=redis))
    redis.zadd("rq:failed:mail", {"letter": 1e12})
    assert rqclock("failed", "requeue", "letter").code == 1
    assert queued(redis, "mail") == ["letter"]
