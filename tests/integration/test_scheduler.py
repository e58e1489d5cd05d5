"""One-off jobs through rq-scheduler's set: moved once when due; what recurs there is never touched."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
import redis as redis_py
from rq import Queue, SimpleWorker
from rq.job import JobStatus
from rq_scheduler import Scheduler as RqScheduler

from rqclock import Job, Scheduler
from rqclock.aftercare.janitor import Janitor
from rqclock.errors import ConfigurationError
from rqclock.store.keys import Keys
from tests.support import jobs

DUE = datetime.now(UTC) - timedelta(minutes=1)
SET = "rq:scheduler:scheduled_jobs"


def clean(redis: redis_py.Redis) -> None:
    Janitor(redis, Keys("rq", "default")).step(time.time())


def queued(redis: redis_py.Redis, queue: str = "default") -> list[bytes]:
    return cast("list[bytes]", redis.lrange(f"rq:queue:{queue}", 0, -1))


def test_a_job_is_planned_as_its_function_says_and_run_by_a_worker(redis: redis_py.Redis) -> None:
    job = Scheduler(connection=redis).enqueue_at(DUE, jobs.retried)
    assert redis.hget(job.key, "status") == b"scheduled"
    clean(redis)
    clean(redis)
    assert queued(redis, "mail") == [job.id.encode()]
    SimpleWorker(["mail"], connection=redis, job_class=Job).work(burst=True, logging_level="CRITICAL")
    job.refresh()
    assert job.get_status() == JobStatus.SCHEDULED  # it raised, and its retry waits
    assert job.retries_left == 2


def test_a_job_planned_in_a_while_waits_until_then(redis: redis_py.Redis) -> None:
    job = Scheduler(connection=redis).enqueue_in(timedelta(hours=1), jobs.add, 1, b=2)
    clean(redis)
    assert queued(redis) == []
    assert abs((redis.zscore(SET, job.id) or 0) - time.time() - 3600) < 60
    assert (list(job.args), job.kwargs) == ([1], {"b": 2})


def test_rq_schedulers_keywords_go_before_what_the_function_says(redis: redis_py.Redis) -> None:
    options = {"queue_name": "slow", "timeout": 7, "job_id": "mine", "job_ttl": 900, "at_front": True}
    job = Scheduler(connection=redis).enqueue_at(DUE, jobs.retried, **options)
    redis.rpush("rq:queue:slow", "before")
    clean(redis)
    assert queued(redis, "slow") == [b"mine", b"before"]
    assert redis.hmget(job.key, "timeout", "ttl") == [b"7", b"900"]
    assert 0 < redis.ttl(job.key) <= 900


def test_schedule_plans_one_call_and_takes_lists_of_arguments(redis: redis_py.Redis) -> None:
    job = Scheduler("mail", connection=redis).schedule(DUE, jobs.add, args=[1], kwargs={"b": 2}, timeout=5)
    clean(redis)
    assert queued(redis, "mail") == [job.id.encode()]
    assert (list(job.args), job.kwargs, job.timeout) == ([1], {"b": 2}, 5)


def test_what_recurs_is_refused_with_the_line_that_belongs_in_clock_py(redis: redis_py.Redis) -> None:
    scheduler = Scheduler(connection=redis)
    with pytest.raises(ConfigurationError, match=r'clock\.cron\("0 5 \* \* \*"\)\.enqueue\(plain\)'):
        scheduler.cron("0 5 * * *", jobs.plain)
    with pytest.raises(ConfigurationError, match=r"clock\.every"):
        scheduler.schedule(DUE, jobs.plain, interval=60)
    assert redis.keys("*") == []


def test_a_time_without_a_zone_and_an_argument_that_is_no_json_are_refused(redis: redis_py.Redis) -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        Scheduler(connection=redis).enqueue_at(datetime(2030, 1, 1), jobs.plain)
    with pytest.raises(TypeError, match="JSON"):
        Scheduler(connection=redis).enqueue_at(DUE, jobs.add, {1, 2})


@pytest.mark.parametrize("job_class", [None, Job])
def test_what_recurs_in_rq_schedulers_set_is_never_touched(redis: redis_py.Redis, job_class: type[Job] | None) -> None:
    theirs = RqScheduler(connection=redis, job_class=job_class)
    theirs.schedule(DUE.replace(tzinfo=None), jobs.plain, interval=60, id="interval")
    theirs.cron("* * * * *", jobs.plain, id="cron")
    redis.zadd(SET, {"cron": 1})
    before = redis.zrange(SET, 0, -1, withscores=True)
    clean(redis)
    assert redis.zrange(SET, 0, -1, withscores=True) == before
    assert queued(redis) == []


def test_a_one_off_behind_many_due_recurring_entries_is_moved(redis: redis_py.Redis) -> None:
    theirs = RqScheduler(connection=redis)
    theirs.schedule(DUE.replace(tzinfo=None), jobs.plain, interval=60, id="recurring")
    meta = redis.hget("rq:job:recurring", "meta")
    for number in range(250):
        redis.hset(f"rq:job:r{number}", mapping={"meta": meta or b"", "status": "scheduled"})
        redis.zadd(SET, {f"r{number}": 1})
    job = theirs.enqueue_at(datetime.now(UTC) - timedelta(seconds=1), jobs.plain, meta={"about": "an interval"})
    clean(redis)
    assert queued(redis) == [job.id.encode()]


def test_a_pickle_in_meta_is_looked_through_and_never_loaded(redis: redis_py.Redis) -> None:
    bomb = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x12redis-cli shutdown\x85R."
    redis.hset("rq:job:bomb", mapping={"meta": bomb, "status": "scheduled", "origin": "default"})
    redis.zadd(SET, {"bomb": 1})
    clean(redis)
    assert queued(redis) == [b"bomb"]


def test_an_entry_that_a_dying_daemon_left_behind_is_not_queued_again(redis: redis_py.Redis) -> None:
    job = Scheduler(connection=redis).enqueue_at(DUE, jobs.plain)
    clean(redis)
    redis.zadd(SET, {job.id: 1})  # the daemon pushes first and removes afterwards
    clean(redis)
    assert queued(redis) == [job.id.encode()]
    assert redis.zcard(SET) == 0


def test_a_cancelled_or_deleted_one_off_is_dropped(redis: redis_py.Redis) -> None:
    scheduler = Scheduler(connection=redis)
    cancelled, deleted = (scheduler.enqueue_at(DUE, jobs.plain) for _ in range(2))
    cancelled.cancel()
    redis.delete(deleted.key)
    clean(redis)
    assert queued(redis) == []
    assert redis.zcard(SET) == 0


def test_while_the_daemon_moves_we_do_not(redis: redis_py.Redis) -> None:
    job = Scheduler(connection=redis).enqueue_at(DUE, jobs.plain)
    redis.set("rq:scheduler_lock", "1795300000.1", ex=70)
    clean(redis)
    assert queued(redis) == []
    redis.delete("rq:scheduler_lock")
    clean(redis)
    assert queued(redis) == [job.id.encode()]
    assert redis.get("rq:scheduler_lock") is None, "held on to, it would stop what recurs"


def test_a_planned_job_of_the_function_itself_keeps_the_fraction_of_its_second(
    redis: redis_py.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rqclock.connection.application_connection", lambda: redis)
    when = datetime.now(UTC).replace(microsecond=900_000) + timedelta(hours=1)
    job = jobs.retried.enqueue_at(when)
    assert redis.zscore("rq:scheduled:mail", job.id) == pytest.approx(when.timestamp(), abs=0.001)
    assert Queue("mail", connection=redis).scheduled_job_registry.get_scheduled_time(job.id).tzinfo
