"""What `rqclock.Worker` does that RQ's does not: kept processes, several jobs side by side, no job lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py
from rq import Queue
from rq.job import JobStatus

from rqclock import Job
from tests.support import chores
from tests.support.processes import Launched, alive, all_gone
from tests.support.waiting import until

Start = Callable[..., Launched]


@pytest.fixture
def kind() -> str:
    return "ours"


def ended(job: Any) -> bool:
    return bool(job.get_status() == JobStatus.FINISHED)


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def horse_of(file: Path) -> int:
    """The process of a job that has begun."""
    until(lambda: lines(file))
    return int(lines(file)[0].split()[1])


def test_one_process_runs_job_after_job(start: Start, queue: Queue, tmp_path: Path) -> None:
    for _ in range(20):
        queue.enqueue(chores.horse, str(tmp_path / "pids"))
    worker = start("--burst")
    worker.wait()
    assert len(lines(tmp_path / "pids")) == 20 and len(set(lines(tmp_path / "pids"))) == 1


def test_a_horse_is_replaced_after_its_number_of_jobs(start: Start, queue: Queue, tmp_path: Path) -> None:
    for _ in range(10):
        queue.enqueue(chores.horse, str(tmp_path / "pids"))
    start("--burst", RQCLOCK_HORSE_JOBS="4").wait()
    assert len(lines(tmp_path / "pids")) == 10 and len(set(lines(tmp_path / "pids"))) == 3


def test_a_horse_is_replaced_when_it_has_grown(start: Start, queue: Queue, tmp_path: Path) -> None:
    for _ in range(3):
        queue.enqueue(chores.horse, str(tmp_path / "pids"))
    start("--burst", RQCLOCK_HORSE_MEMORY="1").wait()
    assert len(set(lines(tmp_path / "pids"))) == 3


def test_an_idle_horse_that_is_old_is_replaced(start: Start, queue: Queue, tmp_path: Path) -> None:
    worker = start(RQCLOCK_HORSE_AGE="1")
    (first,) = until(worker.below)
    until(lambda: worker.below() not in ([], [first]), 60, what="another horse")
    job = queue.enqueue(chores.add, 1)
    until(lambda: job.get_status() == JobStatus.FINISHED)


def test_jobs_run_side_by_side(start: Start, queue: Queue, tmp_path: Path) -> None:
    start(WORKER_CONCURRENCY="2")
    for name in ("one", "two"):
        queue.enqueue(chores.slow, str(tmp_path / name), 20)
    assert horse_of(tmp_path / "one") != horse_of(tmp_path / "two")


def test_side_by_side_no_more_jobs_are_run_than_asked_for(start: Start, queue: Queue) -> None:
    jobs = [queue.enqueue(chores.add, n) for n in range(7)]
    start("--max-jobs", "5", WORKER_CONCURRENCY="2").wait()
    assert [job.get_status() for job in jobs].count(JobStatus.FINISHED) == 5


def test_a_job_that_cannot_be_interrupted_is_killed_and_the_next_one_runs(
    start: Start, queue: Queue, tmp_path: Path
) -> None:
    start()
    stuck = queue.enqueue(chores.deaf, str(tmp_path / "runs"), job_timeout=1)
    after = queue.enqueue(chores.add, 1)
    until(lambda: after.get_status() == JobStatus.FINISHED, 60)
    assert stuck.get_status() == JobStatus.FAILED
    assert "could not be interrupted: its process was killed" in str(stuck.results()[0].exc_string)


def test_a_horse_dies_with_its_worker(start: Start, queue: Queue, tmp_path: Path) -> None:
    worker = start()
    queue.enqueue(chores.deaf, str(tmp_path / "runs"))
    horse = horse_of(tmp_path / "runs")
    worker.kill()
    all_gone([horse])


def test_a_waiting_worker_takes_jobs_of_any_of_its_queues(start: Start, redis: redis_py.Redis, tmp_path: Path) -> None:
    start(queues=("high", "middle", "low"))
    for name in ("low", "middle", "high"):
        job = Queue(name, connection=redis, job_class=Job).enqueue(chores.add, 1)
        until(partial(ended, job), 8)  # without a word of Redis it would look again after ten seconds
    assert [redis.llen(f"rq:queue:{name}:intermediate") for name in ("high", "middle", "low")] == [0, 0, 0]


def test_of_jobs_that_come_at_once_the_first_queue_is_served_first(
    start: Start, redis: redis_py.Redis, tmp_path: Path
) -> None:
    start(queues=("high", "low"))
    until(lambda: redis.info("clients")["blocked_clients"] == 2)
    pipeline = redis.pipeline()
    for name in ("low", "high"):
        queue = Queue(name, connection=redis, job_class=Job)
        job = queue.create_job(chores.note, args=(str(tmp_path / "runs"), name))
        queue.enqueue_job(job, pipeline=pipeline)
    pipeline.execute()
    until(lambda: len(lines(tmp_path / "runs")) == 2)
    assert lines(tmp_path / "runs") == ["high", "low"]


def test_the_signals_that_a_job_has_changed_are_put_right(start: Start, queue: Queue, tmp_path: Path) -> None:
    start()
    queue.enqueue(chores.change_signals)
    queue.enqueue(chores.slow, str(tmp_path / "runs"), 0.5)
    horse = horse_of(tmp_path / "runs")
    os.kill(horse, signal.SIGTERM)
    until(lambda: len(lines(tmp_path / "runs")) == 2)
    assert alive(horse)


BROKEN = {
    "a bad date": lambda redis, job: redis.hset(job.key, "created_at", "yesterday"),
    "a timeout that is none": lambda redis, job: redis.hset(job.key, "timeout", "soon"),
    "no data": lambda redis, job: redis.hdel(job.key, "data"),
    "a key of the wrong type": lambda redis, job: (redis.delete(job.key), redis.set(job.key, "x")),
}


@pytest.mark.parametrize("fault", list(BROKEN))
def test_a_job_that_cannot_be_read_is_quarantined_with_its_reason(
    start: Start, queue: Queue, redis: redis_py.Redis, fault: str
) -> None:
    poison, good = queue.enqueue(chores.add, 1), queue.enqueue(chores.add, 2)
    BROKEN[fault](redis, poison)
    worker = start()
    until(lambda: good.get_status() == JobStatus.FINISHED)
    assert f"job {poison.id} cannot be read and is quarantined" in worker.output
    assert redis.hexists("rq:quarantine", poison.id)
    assert not redis.llen("rq:queue:default:intermediate") and worker.running


def test_an_id_that_is_no_text_is_quarantined(start: Start, queue: Queue, redis: redis_py.Redis) -> None:
    poison, good = queue.enqueue(chores.add, 1), queue.enqueue(chores.add, 2)
    redis.rename(poison.key, b"rq:job:\xff\xfe")
    redis.execute_command("LSET", "rq:queue:default", 0, b"\xff\xfe")
    start()
    until(lambda: good.get_status() == JobStatus.FINISHED)
    assert redis.hkeys("rq:quarantine") == [b"\xff\xfe"]


def test_a_queue_that_is_no_list_does_not_hold_up_the_others(start: Start, redis: redis_py.Redis) -> None:
    redis.set("rq:queue:high", "x")
    worker = start(queues=("high", "low"))
    job = Queue("low", connection=redis, job_class=Job).enqueue(chores.add, 1)
    until(lambda: job.get_status() == JobStatus.FINISHED)
    worker.wait_for("queue high is not a list")
    later = Queue("low", connection=redis, job_class=Job).enqueue(chores.add, 1)
    until(lambda: later.get_status() == JobStatus.FINISHED)
    assert worker.output.count("queue high is not a list") == 1


def test_an_error_that_names_a_file_that_is_no_utf_8_is_written_once(start: Start, queue: Queue) -> None:
    job = queue.enqueue(chores.open_latin_1)
    start("--burst").wait()
    assert job.get_status(refresh=True) == JobStatus.FAILED
    result = job.latest_result()
    assert result and "caf\\udce9.csv" in str(result.exc_string)


def test_a_process_that_a_job_leaves_behind_takes_no_jobs(start: Start, queue: Queue, tmp_path: Path) -> None:
    forks = [queue.enqueue(chores.fork_and_return) for _ in range(3)]
    for _ in range(10):
        queue.enqueue(chores.horse, str(tmp_path / "pids"))
    start("--burst").wait()
    assert all(ended(job) for job in forks)
    assert len(lines(tmp_path / "pids")) == 10 and len(set(lines(tmp_path / "pids"))) == 1
