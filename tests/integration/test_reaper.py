"""Jobs of dead workers are queued again under their ids; whatever has ended, and whatever lives, is left alone."""

from __future__ import annotations

import json
import time as wall
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
import redis as redis_py
from rq import Queue, Retry, SimpleWorker, Worker
from rq.job import Job as RqJob
from rq.job import JobStatus
from rq.registry import StartedJobRegistry

from rqclock import Clock, Job
from rqclock.acts import activity
from rqclock.aftercare.outcomes import Outcomes
from rqclock.aftercare.reaper import Reaper
from rqclock.jobs.serializer import JobSerializer
from rqclock.store.keys import Keys
from rqclock.store.replies import text
from rqclock.views.history import read_history
from tests.support import jobs
from tests.support.leader import Leader, Time

KEYS = Keys("rq", "default")


class Mortal:
    """A worker that dies where a test says: it goes as far as that, by RQ's own methods, and no further."""

    def __init__(self, redis: redis_py.Redis, *queues: str) -> None:
        self._redis = redis
        self.worker = Worker(list(queues or ("default",)), connection=redis, job_class=Job, serializer=JobSerializer)
        self.worker.register_birth()

    def pops(self) -> RqJob:
        found = self.worker.dequeue_job_and_maintain_ttl(None)
        assert found
        return found[0]

    def registers(self) -> RqJob:
        job = self.pops()
        self.execution = self.worker.prepare_execution(job)
        return job

    def starts(self) -> RqJob:
        job = self.registers()
        self.worker.prepare_job_execution(job, remove_from_intermediate_queue=True)
        return job

    def lies_dead(self, seconds: float = 46) -> None:
        """So much time has passed since its last beat."""
        for key in (self.execution.key, self.worker.key):
            self._redis.pexpire(key, int(max(1, self._redis.pttl(key) - seconds * 1000)))


class Reaping:
    """A reaper, and looks at intervals of ten seconds of its own monotonic clock."""

    def __init__(self, redis: redis_py.Redis) -> None:
        self.time = Time()
        self.reaper = Reaper(redis, KEYS, monotonic=lambda: self.time.monotonic)

    def looks(self, times: int = 1) -> None:
        for _ in range(times):
            self.reaper.step(wall.time())
            self.time.pass_by(10)


@pytest.fixture
def reaping(redis: redis_py.Redis) -> Reaping:
    return Reaping(redis)


def queue(redis: redis_py.Redis, name: str = "default") -> Queue:
    return Queue(name, connection=redis, job_class=Job, serializer=JobSerializer)


def queued(redis: redis_py.Redis, name: str = "default") -> list[str]:
    return [text(one) for one in redis.lrange(f"rq:queue:{name}", 0, -1)]


def traces(redis: redis_py.Redis, job: RqJob) -> list[Any]:
    """What a dead worker's execution leaves behind."""
    left: list[Any] = [*redis.keys(f"rq:execution:{job.id}:*"), *redis.zrange("rq:wip:default", 0, -1)]
    return [*left, *redis.lrange("rq:queue:default:intermediate", 0, -1), *redis.keys(f"rq:executions:{job.id}")]


@pytest.mark.parametrize("point", ["pops", "registers", "starts"])
def test_a_job_whose_worker_died_is_queued_again_at_the_front_under_its_id(
    redis: redis_py.Redis, reaping: Reaping, point: str
) -> None:
    job = queue(redis).enqueue(jobs.plain)
    mortal = Mortal(redis)
    getattr(mortal, point)()
    waiting = queue(redis).enqueue(jobs.plain)
    if point != "pops":
        mortal.lies_dead()
    reaping.looks()
    assert queued(redis) == [waiting.id], "one look is no proof"
    reaping.looks()
    assert queued(redis) == [job.id, waiting.id]
    assert redis.hmget(job.key, "status", "started_at", "lost") == [b"queued", b"", b"1"]
    assert traces(redis, job) == []
    SimpleWorker(["default"], connection=redis, job_class=Job).work(burst=True, logging_level="CRITICAL")
    assert job.get_status() == JobStatus.FINISHED


def test_a_worker_that_lives_keeps_its_job(redis: redis_py.Redis, reaping: Reaping) -> None:
    queue(redis).enqueue(jobs.plain)
    mortal = Mortal(redis)
    job = mortal.starts()
    mortal.lies_dead(29)  # the next beat is due in a second
    reaping.looks(3)
    assert queued(redis) == []
    assert job.get_status() == JobStatus.STARTED


def test_a_worker_that_beats_between_two_looks_keeps_its_job(redis: redis_py.Redis, reaping: Reaping) -> None:
    queue(redis).enqueue(jobs.plain)
    mortal = Mortal(redis)
    job = mortal.starts()
    mortal.lies_dead()
    reaping.looks()
    mortal.worker.maintain_heartbeats(job, mortal.execution)
    reaping.looks(2)
    assert queued(redis) == []


def test_a_job_popped_from_several_queues_is_found_although_it_is_in_no_list(
    redis: redis_py.Redis, reaping: Reaping
) -> None:
    job = queue(redis).enqueue(jobs.plain)
    Mortal(redis, "default", "mail").pops()
    assert traces(redis, job) == []
    reaping.looks(2)
    assert queued(redis) == [job.id]


def test_a_job_that_overran_its_timeout_waits_until_rq_itself_would_have_killed_it(
    redis: redis_py.Redis, reaping: Reaping
) -> None:
    job = queue(redis).enqueue(jobs.plain, job_timeout=10)
    mortal = Mortal(redis)
    mortal.starts()
    late = datetime.now(UTC) - timedelta(seconds=11)
    redis.hset(job.key, "started_at", late.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    mortal.lies_dead(40)
    reaping.looks(3)
    assert queued(redis) == []
    redis.delete(mortal.execution.key)
    redis.pexpire(mortal.worker.key, 60_000)
    reaping.looks(3)
    assert queued(redis) == [], "its worker's own key is fresh enough"
    redis.pexpire(mortal.worker.key, 29_000)
    reaping.looks(2)
    assert queued(redis) == [job.id]


@pytest.mark.parametrize("end", ["finished", "failed", "stopped", "canceled", "deleted", "expired"])
def test_what_has_ended_is_never_run_again(redis: redis_py.Redis, reaping: Reaping, end: str) -> None:
    job = queue(redis).enqueue(jobs.plain)
    mortal = Mortal(redis)
    mortal.starts()
    mortal.lies_dead()
    reaping.looks()
    if end == "deleted":
        job.delete()
    elif end == "expired":
        redis.delete(job.key)
    elif end == "canceled":
        job.cancel()
    else:
        redis.hset(job.key, "status", end)
    reaping.looks(3)
    assert queued(redis) == []
    assert redis.hget(job.key, "status") == (None if end in ("deleted", "expired") else end.encode())
    redis.delete(mortal.execution.key)
    reaping.looks(3)
    assert redis.zcard("rq:wip:default") == 0, "its entry is cleared away"


def test_a_job_that_failed_by_itself_stays_failed(redis: redis_py.Redis, reaping: Reaping) -> None:
    queue(redis).enqueue(jobs.fail)
    SimpleWorker(["default"], connection=redis, job_class=Job).work(burst=True, logging_level="CRITICAL")
    reaping.looks(3)
    assert queued(redis) == []


def killed_horse(redis: redis_py.Redis, job: RqJob, why: str = "") -> None:
    """RQ's own handling of a work-horse that was killed."""
    worker = Worker(["default"], connection=redis, job_class=Job, serializer=JobSerializer)
    text = why or "Work-horse terminated unexpectedly; waitpid returned 9 (signal 9); "
    job.ended_at = datetime.now(UTC)
    worker.handle_job_failure(job, queue(redis), exc_string=text)


def test_a_job_whose_work_horse_was_killed_is_queued_again_at_the_first_look(
    redis: redis_py.Redis, reaping: Reaping
) -> None:
    job = queue(redis).enqueue(jobs.plain)
    Mortal(redis).starts()
    killed_horse(redis, job)
    assert job.get_status() == JobStatus.FAILED
    reaping.looks()
    assert queued(redis) == [job.id]
    assert redis.zcard("rq:failed:default") == 0
    assert redis.ttl(job.key) == -1, "a failed job's life would end it"


def test_a_job_that_rq_gave_up_as_abandoned_is_queued_again(redis: redis_py.Redis, reaping: Reaping) -> None:
    job = queue(redis).enqueue(jobs.plain)
    Mortal(redis).starts()
    StartedJobRegistry("default", connection=redis, serializer=JobSerializer).cleanup(timestamp=wall.time() + 1000)
    assert job.get_status() == JobStatus.FAILED
    reaping.looks()
    assert queued(redis) == [job.id]


def test_a_job_that_rq_killed_long_after_its_timeout_stays_failed(redis: redis_py.Redis, reaping: Reaping) -> None:
    job = queue(redis).enqueue(jobs.plain)
    Mortal(redis).starts()
    killed_horse(redis, job, "Work-horse terminated unexpectedly; waitpid returned None; ")
    reaping.looks(3)
    assert queued(redis) == []


def test_what_failed_before_rqclock_was_here_is_not_run_again(redis: redis_py.Redis, reaping: Reaping) -> None:
    job = queue(redis).enqueue(jobs.plain)
    Mortal(redis).starts()
    killed_horse(redis, job)
    [(_, fields)] = cast(Any, redis.xrange(f"rq:results:{job.id}"))
    redis.delete(f"rq:results:{job.id}")
    redis.xadd(f"rq:results:{job.id}", fields, id=f"{int((wall.time() - 4000) * 1000)}-0")
    reaping.looks(3)
    assert queued(redis) == []


def test_a_job_that_killed_its_worker_max_attempts_times_stays_failed_and_says_so(
    redis: redis_py.Redis, reaping: Reaping
) -> None:
    job = queue(redis).enqueue(jobs.plain)
    for death in range(1, 4):
        mortal = Mortal(redis)
        mortal.starts()
        mortal.lies_dead()
        reaping.looks(2)
        assert queued(redis) == ([job.id] if death < 3 else [])
    job.refresh()
    assert job.get_status() == JobStatus.FAILED
    result = job.latest_result()
    assert result and "AbandonedJobError: its worker died each time" in (result.exc_string or "")
    assert redis.zrange("rq:failed:default", 0, -1) == [job.id.encode()]
    assert traces(redis, job) == []
    reaping.looks(3)
    assert queued(redis) == []


def test_max_attempts_of_the_function_counts(
    redis: redis_py.Redis, reaping: Reaping, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rqclock.connection.application_connection", lambda: redis)
    job = jobs.fragile.enqueue()
    Mortal(redis).starts()
    killed_horse(redis, job)
    reaping.looks(3)
    assert queued(redis) == []
    assert job.get_status() == JobStatus.FAILED


def test_a_retry_whose_transaction_was_lost_is_queued_with_one_retry_less(
    redis: redis_py.Redis, reaping: Reaping
) -> None:
    job = queue(redis).enqueue(jobs.plain, retry=Retry(max=2, interval=60))
    Mortal(redis).starts()
    redis.hset(job.key, "status", "scheduled")  # RQ writes this by itself, and then a transaction that was cut
    reaping.looks(2)
    assert queued(redis) == [job.id]
    assert redis.hmget(job.key, "retries_left", "lost") == [b"1", None]
    assert traces(redis, job) == []


def test_a_job_that_somebody_was_planning_when_he_died_is_not_run_too_early(
    redis: redis_py.Redis, reaping: Reaping
) -> None:
    job = queue(redis).enqueue_at(datetime.now(UTC) + timedelta(days=1), jobs.plain)
    redis.delete("rq:scheduled:default")
    reaping.looks(3)
    assert queued(redis) == []
    assert job.get_status() == JobStatus.SCHEDULED


def test_a_retry_that_waits_for_its_time_is_in_its_place(redis: redis_py.Redis, reaping: Reaping) -> None:
    job = queue(redis).enqueue(jobs.fail, retry=Retry(max=2, interval=60))
    SimpleWorker(["default"], connection=redis, job_class=Job).work(burst=True, logging_level="CRITICAL")
    reaping.looks(3)
    assert queued(redis) == []
    assert job.get_status() == JobStatus.SCHEDULED


def test_a_job_that_an_application_runs_in_its_own_process_is_left_alone(
    redis: redis_py.Redis, reaping: Reaping
) -> None:
    job = queue(redis).enqueue(jobs.plain)
    redis.lrem("rq:queue:default", 0, job.id)
    redis.hset(job.key, mapping={"status": "started", "worker_name": "sync", "started_at": "2026-01-01T00:00:00.0Z"})
    reaping.looks(3)
    assert queued(redis) == []


def test_a_finished_job_that_stayed_in_the_intermediate_list_is_not_made_a_failure(
    redis: redis_py.Redis, reaping: Reaping
) -> None:
    job = queue(redis).enqueue(jobs.plain)
    SimpleWorker(["default"], connection=redis, job_class=Job).work(burst=True, logging_level="CRITICAL")
    redis.rpush("rq:queue:default:intermediate", job.id, "forgotten")
    reaping.looks(2)
    assert redis.llen("rq:queue:default:intermediate") == 0
    assert job.get_status() == JobStatus.FINISHED


def test_a_thousand_lost_jobs_keep_their_order(redis: redis_py.Redis, reaping: Reaping) -> None:
    ids = [queue(redis).enqueue(jobs.plain).id for _ in range(300)]
    redis.delete("rq:queue:default")
    reaping.looks(2)
    assert queued(redis) == ids
    recorded = list(activity.read(redis, KEYS))
    assert len(recorded) == 51
    assert "250 more" in recorded[0].why


def test_a_queue_of_the_wrong_type_harms_no_other(redis: redis_py.Redis, reaping: Reaping) -> None:
    lost = queue(redis, "broken").enqueue(jobs.plain)
    job = queue(redis).enqueue(jobs.plain)
    Mortal(redis).pops()
    redis.delete("rq:queue:broken")
    redis.set("rq:queue:broken", "no list")
    redis.set("rq:wip:broken", "no registry")
    redis.set("rq:failed:broken", "no registry")
    reaping.looks(3)
    assert queued(redis) == [job.id]
    assert lost.get_status() == JobStatus.QUEUED


def test_malformed_jobs_hold_up_no_other(redis: redis_py.Redis, reaping: Reaping) -> None:
    job = queue(redis).enqueue(jobs.plain)
    mortal = Mortal(redis)
    mortal.starts()
    mortal.lies_dead()
    odd: Any = {"timeout": "soon", "lost": "x", "max_attempts": "y", "attempts": "z", "retries_left": "w", "ttl": "v"}
    redis.hset("rq:job:odd", mapping={"status": "started", "origin": "default", "started_at": "31 June"} | odd)
    redis.hset("rq:job:nowhere", mapping={"status": "started", "origin": ""})
    redis.set("rq:job:text", "no job")
    entries: Any = {"odd:e1": 1, "text:e2": 1, b"\xff\xfe:e3": 1, "without-a-colon": 1}
    redis.zadd("rq:wip:default", entries)
    redis.rpush("rq:queue:default:intermediate", b"\xff", "text")
    reaping.looks(3)
    assert set(queued(redis)) == {job.id, "odd"}


def test_a_full_redis_leaves_a_lost_job_as_it_is_until_there_is_room(redis: redis_py.Redis, reaping: Reaping) -> None:
    job = queue(redis).enqueue(jobs.plain)
    mortal = Mortal(redis)
    mortal.starts()
    mortal.lies_dead()
    reaping.looks()
    redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(redis_py.OutOfMemoryError):
            reaping.looks()
    finally:
        redis.config_set("maxmemory", 0)
    assert redis.hmget(job.key, "status", "lost") == [b"started", None]
    reaping.time.pass_by(10)
    reaping.looks()
    assert queued(redis) == [job.id]


def test_only_queues_whose_lock_is_ours_are_looked_at(redis: redis_py.Redis) -> None:
    queue(redis).enqueue(jobs.plain)
    mortal = Mortal(redis)
    mortal.starts()
    mortal.lies_dead()
    time = Time()
    reaper = Reaper(redis, KEYS, holds=lambda lock: lock != "rq:clean_registries:default", monotonic=lambda: time.now)
    for _ in range(3):
        reaper.step(wall.time())
        time.pass_by(10)
    assert queued(redis) == []


def test_among_many_keys_a_job_in_no_list_is_found_within_ten_minutes(redis: redis_py.Redis, reaping: Reaping) -> None:
    pipeline = redis.pipeline()
    for number in range(10_000):
        pipeline.hset(f"rq:job:{number}", "status", "finished")
    pipeline.execute()
    job = queue(redis).enqueue(jobs.plain)
    redis.delete("rq:queue:default")
    for _ in range(60):
        reaping.looks()
        if queued(redis):
            break
    assert queued(redis) == [job.id]


def test_a_job_whose_retries_are_used_up_by_dying_work_horses_stays_failed(
    redis: redis_py.Redis, reaping: Reaping
) -> None:
    job = queue(redis).enqueue(jobs.plain, retry=Retry(max=2))
    redis.hset(job.key, "attempts", 3)
    for _ in range(3):
        killed_horse(redis, Mortal(redis).starts())
    assert job.get_status() == JobStatus.FAILED
    reaping.looks(2)
    assert queued(redis) == []


def test_the_history_of_a_scheduled_run_tells_of_the_death_and_the_next_attempt(
    redis: redis_py.Redis, reaping: Reaping
) -> None:
    clock = Clock()
    clock.every("second", name="tick").enqueue(jobs.plain)
    leader = Leader(redis, clock).lead()
    leader.step(1)
    mortal = Mortal(redis)
    mortal.starts()
    mortal.lies_dead()
    reaping.looks(2)
    [run] = read_history(redis, leader.keys, leader.schedule(), 1)
    assert (run.status, run.attempt, [one["is"] for one in run.attempts]) == ("queued", 2, ["lost"])
    assert run.attempts[0]["worker"] == mortal.worker.name
    leader.work()
    [run] = read_history(redis, leader.keys, leader.schedule(), 1)
    assert (run.status, run.attempt) == ("finished", 2)
    assert "its worker died" in run.attempts[0]["why"]
    [entry] = activity.read(redis, KEYS)
    assert (entry.what, entry.who, entry.schedule) == ("queued again", "rqclock", "tick")


def test_a_run_whose_horse_was_killed_is_open_until_it_is_abandoned(redis: redis_py.Redis, reaping: Reaping) -> None:
    clock = Clock()
    clock.every("second", name="tick").enqueue(jobs.plain)
    leader = Leader(redis, clock).lead()
    leader.step(1)
    for death in range(3):
        killed_horse(redis, Mortal(redis).starts())
        Outcomes(redis, leader.keys).step(wall.time())
        assert (redis.zcard("rq:clock:default:open") == 1) == (death < 2)
        reaping.looks()
    [run] = read_history(redis, leader.keys, leader.schedule(), 1)
    assert (run.status, run.attempt, len(run.attempts)) == ("abandoned", 3, 2)
    row = json.loads(redis.hget("rq:clock:default:outcomes:tick", run.tick) or "")
    assert row["error"].startswith("Work-horse terminated")
