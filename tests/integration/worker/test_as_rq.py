"""What users of RQ rely on, each run against RQ's own worker and ours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis as redis_py
from rq import Callback, Queue, RateLimit, Repeat, Retry
from rq.job import Dependency, JobStatus
from rq.results import Result

from rqclock import Job
from tests.support import chores

Burst = Callable[..., Any]


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def test_a_job_is_run_and_its_result_and_records_are_kept(burst: Burst, queue: Queue, redis: redis_py.Redis) -> None:
    job = queue.enqueue(chores.add, 2, b=3)
    worker = burst()
    job.refresh()
    assert (job.get_status(), job.return_value(), job.worker_name) == (JobStatus.FINISHED, 5, worker.name)
    assert job.started_at and job.ended_at and job.started_at <= job.ended_at
    assert queue.finished_job_registry.get_job_ids() == [job.id]
    assert 0 < redis.ttl(job.key) <= 500
    assert not redis.keys("rq:execution*") and not redis.llen("rq:queue:default:intermediate")
    assert worker.worked


def test_while_it_runs_a_job_has_the_same_records(burst: Burst, queue: Queue) -> None:
    job = queue.enqueue(chores.records)
    burst()
    found: Any = job.return_value()
    assert {"last_heartbeat", "started_at", "status", "worker_name"} <= set(found.pop("job"))
    assert found == {
        "status": "started",
        "execution": ["created_at", "id", "job_id", "last_heartbeat", "worker_name"],
        "names it": True,
        "of the job": True,
        "of the worker": True,
        "worker": "busy",
        "taken": [],
        "job lives": -1,
        "execution lives": True,
        "both indexes live": True,
    }


def test_a_result_names_the_execution_and_the_worker(burst: Burst, queue: Queue) -> None:
    job = queue.enqueue(chores.add, 1)
    worker = burst()
    (result,) = job.results()
    assert (result.type, result.worker_name) == (Result.Type.SUCCESSFUL, worker.name)
    assert result.execution_id and result.execution_started_at and result.execution_ended_at


def test_a_failed_job_is_in_the_registry_with_its_traceback(burst: Burst, queue: Queue) -> None:
    job = queue.enqueue(chores.fail)
    burst()
    assert job.get_status() == JobStatus.FAILED
    assert queue.failed_job_registry.get_job_ids() == [job.id]
    (result,) = job.results()
    assert result.exc_string is not None and result.exc_string.endswith("ValueError: the door is shut\n")


def test_a_job_that_asks_to_exit_fails_and_the_next_one_runs(burst: Burst, queue: Queue) -> None:
    bad, good = queue.enqueue(chores.leave), queue.enqueue(chores.add, 1)
    burst()
    assert (bad.get_status(), good.get_status()) == (JobStatus.FAILED, JobStatus.FINISHED)


def test_a_job_with_retries_is_run_again_until_it_succeeds(burst: Burst, queue: Queue, tmp_path: Path) -> None:
    job = queue.enqueue(chores.fail_twice, str(tmp_path / "runs"), retry=Retry(max=3))
    burst()
    job.refresh()
    assert (job.get_status(), job.retries_left, len(lines(tmp_path / "runs"))) == (JobStatus.FINISHED, 1, 3)


def test_a_retry_with_an_interval_waits_in_the_registry(burst: Burst, queue: Queue) -> None:
    job = queue.enqueue(chores.fail, retry=Retry(max=1, interval=60))
    burst()
    assert job.get_status() == JobStatus.SCHEDULED
    assert queue.scheduled_job_registry.get_job_ids() == [job.id]


def test_a_job_that_returns_a_retry_is_run_again(burst: Burst, queue: Queue, tmp_path: Path) -> None:
    job = queue.enqueue(chores.ask_for_retry, str(tmp_path / "runs"))
    burst()
    assert (job.get_status(), job.return_value(), len(lines(tmp_path / "runs"))) == (JobStatus.FINISHED, "done", 2)


def test_callbacks_are_called(burst: Burst, queue: Queue, redis: redis_py.Redis) -> None:
    good = queue.enqueue(chores.add, 1, on_success=Callback(chores.on_success))
    bad = queue.enqueue(chores.fail, on_failure=Callback(chores.on_failure))
    burst()
    assert redis.get("on_success") == f"{good.id} 1".encode()
    assert redis.get("on_failure") == f"{bad.id} ValueError".encode()


def test_dependents_run_after_their_dependency_and_not_after_its_failure(burst: Burst, queue: Queue) -> None:
    first, broken = queue.enqueue(chores.add, 1), queue.enqueue(chores.fail)
    after = queue.enqueue(chores.add, 2, depends_on=first)
    never = queue.enqueue(chores.add, 3, depends_on=broken)
    anyway = queue.enqueue(chores.add, 4, depends_on=Dependency(broken, allow_failure=True))
    burst()
    states = [job.get_status() for job in (after, never, anyway)]
    assert states == [JobStatus.FINISHED, JobStatus.DEFERRED, JobStatus.FINISHED]


def test_a_job_past_its_timeout_is_interrupted(burst: Burst, queue: Queue, tmp_path: Path) -> None:
    job = queue.enqueue(chores.slow, str(tmp_path / "runs"), job_timeout=1)
    burst()
    assert job.get_status() == JobStatus.FAILED
    assert "JobTimeoutException" in str(job.results()[0].exc_string)
    assert len(lines(tmp_path / "runs")) == 1


def test_a_result_that_is_not_wanted_leaves_nothing(burst: Burst, queue: Queue, redis: redis_py.Redis) -> None:
    job = queue.enqueue(chores.add, 1, result_ttl=0)
    burst()
    assert not Job.exists(job.id, redis) and queue.finished_job_registry.count == 0


def test_queues_are_emptied_in_their_order(burst: Burst, redis: redis_py.Redis, tmp_path: Path) -> None:
    for name in ("low", "high"):
        queue = Queue(name, connection=redis, job_class=Job)
        for _ in range(2):
            queue.enqueue(chores.note, str(tmp_path / "runs"), name)
    burst("high", "low")
    assert lines(tmp_path / "runs") == ["high", "high", "low", "low"]


def test_round_robin_takes_the_queues_in_turn(burst: Burst, redis: redis_py.Redis, tmp_path: Path) -> None:
    for name in ("low", "high"):
        queue = Queue(name, connection=redis, job_class=Job)
        for _ in range(2):
            queue.enqueue(chores.note, str(tmp_path / "runs"), name)
    burst("high", "low", dequeue_strategy="round_robin")
    assert lines(tmp_path / "runs") == ["high", "low", "high", "low"]


def test_no_more_jobs_are_run_than_asked_for(burst: Burst, queue: Queue) -> None:
    jobs = [queue.enqueue(chores.add, n) for n in range(4)]
    burst(max_jobs=3)
    assert [job.get_status() for job in jobs] == [JobStatus.FINISHED] * 3 + [JobStatus.QUEUED]


def test_an_exception_handler_is_called(burst: Burst, queue: Queue, redis: redis_py.Redis) -> None:
    job = queue.enqueue(chores.fail)
    burst(options={"exception_handlers": [chores.handle]})
    assert redis.get("handled") == f"{job.id} ValueError".encode()


def test_the_worker_counts_its_jobs_and_says_when_it_died(burst: Burst, queue: Queue, redis: redis_py.Redis) -> None:
    for function in (chores.add, chores.add, chores.fail):
        queue.enqueue(function, *([1] if function is chores.add else []))
    worker = burst()
    record = redis.hgetall(worker.key)
    assert (record[b"successful_job_count"], record[b"failed_job_count"]) == (b"2", b"1")
    assert record[b"death"] and record[b"state"] == b"idle"
    assert not redis.smembers("rq:workers")


def test_an_id_whose_job_was_deleted_is_passed_over(burst: Burst, queue: Queue, redis: redis_py.Redis) -> None:
    redis.rpush("rq:queue:default", "ghost")
    job = queue.enqueue(chores.add, 1)
    burst()
    assert job.get_status() == JobStatus.FINISHED


def test_a_job_that_kills_its_process_fails_and_the_next_one_runs(burst: Burst, queue: Queue) -> None:
    bad, good = queue.enqueue(chores.kill_myself), queue.enqueue(chores.add, 1)
    seen: list[str] = []
    burst(options={"work_horse_killed_handler": lambda job, *status: seen.append(job.id)})
    assert (bad.get_status(), good.get_status()) == (JobStatus.FAILED, JobStatus.FINISHED)
    assert "Work-horse terminated unexpectedly; waitpid returned 9 (signal 9)" in str(bad.results()[0].exc_string)
    assert seen == [bad.id]


def test_repeats_coroutines_and_meta_are_as_ever(burst: Burst, queue: Queue, tmp_path: Path) -> None:
    repeated = queue.enqueue(chores.note, str(tmp_path / "runs"), repeat=Repeat(times=2))
    awaited, remembered = queue.enqueue(chores.later), queue.enqueue(chores.remember)
    burst()
    assert len(lines(tmp_path / "runs")) == 3 and repeated.get_status() == JobStatus.FINISHED
    assert awaited.return_value() == "awaited"
    assert remembered.get_meta() == {"seen": remembered.id}


def test_a_rate_limit_lets_the_waiting_jobs_in_one_by_one(burst: Burst, queue: Queue) -> None:
    jobs = [queue.enqueue(chores.add, n, rate_limit=RateLimit("letters", concurrency=1)) for n in range(3)]
    burst()
    assert [job.get_status() for job in jobs] == [JobStatus.FINISHED] * 3
