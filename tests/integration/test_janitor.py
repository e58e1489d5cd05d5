"""Planned jobs and retries reach their queue when their time has come, once."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
import redis as redis_py
from rq import Queue, Retry
from rq.job import JobStatus
from rq.rate_limit import RateLimit

from rqclock import Clock, Job, Scheduler
from rqclock.aftercare.janitor import Janitor
from rqclock.jobs.serializer import JobSerializer
from rqclock.store.keys import Keys
from rqclock.store.replies import text
from tests.support import jobs
from tests.support.leader import Leader

DUE = datetime.now(UTC) - timedelta(minutes=1)
LATER = datetime.now(UTC) + timedelta(days=1)


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


def test_no_job_is_stamped_with_an_instant_before_its_time(redis: redis_py.Redis) -> None:
    """It became due while the pass was under way that moves it."""
    began = DUE.timestamp() - 0.002
    planned = [queue(redis).enqueue_at(DUE, jobs.plain), Scheduler(connection=redis).enqueue_at(DUE, jobs.plain)]
    Janitor(redis, Keys("rq", "default"), clock=lambda: began + 0.003).step(began)
    assert sorted(queue(redis).job_ids) == sorted(job.id for job in planned)
    stamps = [Job.fetch(job.id, connection=redis, serializer=JobSerializer).enqueued_at for job in planned]
    assert all(stamp is not None and stamp >= DUE for stamp in stamps)


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


def limited(redis: redis_py.Redis) -> dict[str, str | None]:
    """The jobs of the rate limit `letters` by status."""
    found = {text(key).removeprefix("rq:job:"): redis.hget(key, "status") for key in redis.keys("rq:job:*")}
    return {job: text(status) if status else None for job, status in found.items()}


def test_planned_jobs_of_a_rate_limit_wait_for_a_place(redis: redis_py.Redis) -> None:
    for name in ("one", "two"):
        queue(redis).enqueue_at(DUE, jobs.plain, job_id=name, rate_limit=RateLimit("letters", 1))
    clean(redis)
    assert queue(redis).job_ids == ["one"]
    assert limited(redis) == {"one": "queued", "two": "rate_limited"}


def test_a_place_that_a_dead_worker_kept_is_given_on(redis: redis_py.Redis) -> None:
    for name in ("one", "two"):
        queue(redis).enqueue(jobs.plain, job_id=name, rate_limit=RateLimit("letters", 1))
    redis.lrem("rq:queue:default", 0, "one")
    redis.hset("rq:job:one", "status", "failed")
    clean(redis)
    assert queue(redis).job_ids == ["two"]


def test_what_has_had_its_time_leaves_the_registries(redis: redis_py.Redis) -> None:
    queue(redis).enqueue(jobs.plain)
    for registry in ("finished", "failed"):
        redis.zadd(f"rq:{registry}:default", {"old": 1, "young": time.time() + 1000, "for ever": -1})
    clean(redis)
    assert [redis.zrange(f"rq:{name}:default", 0, -1) for name in ("finished", "failed")] == [
        [b"for ever", b"young"]
    ] * 2


def test_a_dependent_whose_way_to_the_queue_was_cut_short_arrives(redis: redis_py.Redis) -> None:
    first = queue(redis).enqueue(jobs.plain)
    second = queue(redis).enqueue(jobs.plain, depends_on=first)
    redis.zrem("rq:deferred:default", second.id)
    redis.hset(second.key, "status", "ready_to_enqueue")
    redis.zadd("rq:ready:default", {second.id: time.time() - 11})
    clean(redis)
    assert queue(redis).job_ids == [first.id, second.id]
    assert redis.zcard("rq:ready:default") == 0


def test_workers_that_are_gone_leave_the_list_of_workers(redis: redis_py.Redis) -> None:
    queue(redis).enqueue(jobs.plain)
    for key in ("rq:workers", "rq:workers:default"):
        redis.sadd(key, "rq:worker:gone")
    clean(redis)
    assert redis.smembers("rq:workers") == set()


def test_a_queue_whose_scheduler_lives_is_left_to_it(redis: redis_py.Redis) -> None:
    job = queue(redis).enqueue_at(DUE, jobs.plain)
    redis.set("rq:scheduler-lock:default", "a-live-one", ex=61)
    clean(redis)
    assert queue(redis).job_ids == []
    redis.delete("rq:scheduler-lock:default")
    clean(redis)
    assert queue(redis).job_ids == [job.id]


def test_a_thousand_due_jobs_are_moved_in_one_pass(redis: redis_py.Redis) -> None:
    redis.sadd("rq:queues", "rq:queue:default")
    for number in range(1000):
        redis.hset(f"rq:job:{number}", "status", "scheduled")
        redis.zadd("rq:scheduled:default", {str(number): number})
    clean(redis)
    assert queue(redis).job_ids == [str(number) for number in range(1000)]


def test_a_registry_of_the_wrong_type_holds_up_no_other_queue(redis: redis_py.Redis) -> None:
    redis.sadd("rq:queues", "rq:queue:broken")
    redis.set("rq:scheduled:broken", "no registry")
    job = queue(redis).enqueue_at(DUE, jobs.plain)
    clean(redis)
    assert queue(redis).job_ids == [job.id]
