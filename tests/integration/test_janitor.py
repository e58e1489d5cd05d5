"""Planned jobs and retries reach their queue when their time has come, once."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
import redis as redis_py
from rq import Queue, Retry
from rq.job import JobStatus

from rqclock import Clock, Job
from rqclock.janitor import Janitor
from rqclock.keys import Keys
from rqclock.serializer import JobSerializer
from tests.support import jobs
from tests.support.leader import Leader

DUE = datetime.now(UTC) - timedelta(minutes=1)
LATER = datetime.now(UTC) + timedelta(hours=1)


def queue(redis: redis_py.Redis, name: str = "default") -> Queue:
    return Queue(name, connection=redis, job_class=Job, serializer=JobSerializer)


def clean(redis: redis_py.Redis) -> None:
    Janitor(redis, Keys("rq", "default")).step(time.time())


def test_a_planned_job_is_queued_once_when_its_time_has_come(redis: redis_py.Redis) -> None:
    job = queue(redis).enqueue_at(DUE, jobs.plain)
    clean(redis)
    clean(redis)
    assert queue(redis).job_ids == [job.id]
    assert job.get_status() == JobStatus.QUEUED
    assert len(queue(redis).scheduled_job_registry.get_job_ids()) == 0


def test_a_job_planned_for_later_stays_where_it_is(redis: redis_py.Redis) -> None:
    job = queue(redis).enqueue_at(LATER, jobs.plain)
    clean(redis)
    assert queue(redis).job_ids == []
    assert queue(redis).scheduled_job_registry.get_job_ids() == [job.id]


def test_a_queue_that_never_had_a_job_gets_its_first_planned_one(redis: redis_py.Redis) -> None:
    job = queue(redis, "rare").enqueue_at(DUE, jobs.plain)
    clean(redis)
    assert queue(redis, "rare").job_ids == [job.id]


def test_planned_jobs_keep_the_order_of_their_times(redis: redis_py.Redis) -> None:
    second = queue(redis).enqueue_at(DUE, jobs.plain)
    first = queue(redis).enqueue_at(DUE - timedelta(minutes=1), jobs.plain)
    clean(redis)
    assert queue(redis).job_ids == [first.id, second.id]


def test_a_planned_job_that_was_deleted_is_dropped(redis: redis_py.Redis) -> None:
    job = queue(redis).enqueue_at(DUE, jobs.plain)
    redis.delete(job.key)
    clean(redis)
    assert queue(redis).job_ids == []
    assert redis.zcard("rq:scheduled:default") == 0


def test_a_broken_planned_job_does_not_hold_up_the_others(redis: redis_py.Redis) -> None:
    redis.set("rq:job:broken", "not a job")
    redis.zadd("rq:scheduled:default", {"broken": 1})
    job = queue(redis).enqueue_at(DUE, jobs.plain)
    clean(redis)
    assert queue(redis).job_ids == [job.id]


def test_a_queue_of_the_wrong_type_keeps_its_planned_jobs_and_holds_up_no_other(redis: redis_py.Redis) -> None:
    waiting = queue(redis, "broken").enqueue_at(DUE, jobs.plain)
    job = queue(redis).enqueue_at(DUE, jobs.plain)
    redis.set("rq:queue:broken", "not a list")
    clean(redis)
    assert queue(redis).job_ids == [job.id]
    assert queue(redis, "broken").scheduled_job_registry.get_job_ids() == [waiting.id]


def test_a_full_redis_keeps_planned_jobs_where_they_are(redis: redis_py.Redis) -> None:
    job = queue(redis).enqueue_at(DUE, jobs.plain)
    redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(redis_py.OutOfMemoryError):
            clean(redis)
    finally:
        redis.config_set("maxmemory", 0)
    assert queue(redis).scheduled_job_registry.get_job_ids() == [job.id]
    assert job.get_status() == JobStatus.SCHEDULED


def test_a_job_planned_for_the_front_goes_to_the_front(redis: redis_py.Redis) -> None:
    last = queue(redis).enqueue(jobs.plain)
    first = queue(redis).enqueue_at(DUE, jobs.plain, at_front=True)
    clean(redis)
    assert queue(redis).job_ids == [first.id, last.id]


def test_a_job_whose_retries_go_to_the_front_is_planned_for_the_back_the_first_time(redis: redis_py.Redis) -> None:
    first = queue(redis).enqueue(jobs.plain)
    planned = queue(redis).enqueue_at(DUE, jobs.fail, retry=Retry(max=1, interval=1, enqueue_at_front=True))
    clean(redis)
    assert queue(redis).job_ids == [first.id, planned.id]


def test_a_retry_is_run_again_and_ends_as_failed_after_the_last_one(redis: redis_py.Redis) -> None:
    clock = Clock()
    clock.every("second", name="tick").enqueue(jobs.fails_then_waits)
    leader = Leader(redis, clock).lead()
    leader.step(1)
    leader.work()
    [job_id] = leader.ids(1)
    redis.zadd("rq:scheduled:default", {job_id: 1})  # its pause is over
    clean(redis)
    assert queue(redis).job_ids == [job_id]
    leader.work()
    assert redis.hget(f"rq:job:{job_id}", "status") == b"failed"
