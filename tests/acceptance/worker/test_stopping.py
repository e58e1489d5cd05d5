"""A worker that is told to stop: the job ends within the grace, or goes back on its queue; exit 0, in time."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import redis as redis_py
from rq import Queue
from rq.job import JobStatus

from tests.support import chores
from tests.support.lab import NOISE
from tests.support.processes import Launched, all_gone
from tests.support.server import Server
from tests.support.waiting import until

Start = Callable[..., Launched]


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def test_a_short_job_ends_before_its_worker(start: Start, queue: Queue, tmp_path: Path) -> None:
    worker = start(RQCLOCK_GRACE="100")
    job = queue.enqueue(chores.hold, str(tmp_path / "runs"), str(tmp_path / "gate"))
    waiting = queue.enqueue(chores.add, 1)
    until(lambda: lines(tmp_path / "runs"))
    worker.signal(signal.SIGTERM)
    worker.wait_for("stopping")
    (tmp_path / "gate").touch()
    assert worker.wait() == 0
    assert (job.get_status(), len(lines(tmp_path / "runs"))) == (JobStatus.FINISHED, 2)
    assert waiting.get_status() == JobStatus.QUEUED


def test_a_long_job_is_back_at_the_front_of_its_queue_and_not_failed(
    start: Start, queue: Queue, client: redis_py.Redis, tmp_path: Path
) -> None:
    worker = start(RQCLOCK_GRACE="1")
    job = queue.enqueue(chores.slow, str(tmp_path / "runs"), 60)
    waiting = queue.enqueue(chores.add, 1)
    until(lambda: lines(tmp_path / "runs"))
    began = time.monotonic()
    assert worker.stop() == 0
    took = time.monotonic() - began
    print(f"stopped {took:.1f} s after SIGTERM, with a grace of 1 s")
    assert 0.9 < took < 3 + NOISE
    assert queue.get_job_ids() == [job.id, waiting.id] and job.get_status() == JobStatus.QUEUED
    assert queue.failed_job_registry.count == 0 and not job.results()
    assert not client.keys("rq:execution*") and not client.zcard("rq:wip:default")


def test_the_next_worker_runs_what_the_last_one_put_back(start: Start, queue: Queue, tmp_path: Path) -> None:
    worker = start(RQCLOCK_GRACE="0")
    job = queue.enqueue(chores.hold, str(tmp_path / "runs"), str(tmp_path / "gate"))
    until(lambda: lines(tmp_path / "runs"))
    assert worker.stop() == 0
    (tmp_path / "gate").touch()
    start()
    until(lambda: job.get_status() == JobStatus.FINISHED)
    assert [line.split()[0] for line in lines(tmp_path / "runs")] == ["begun", "begun", "ended"]


def test_it_is_the_same_when_every_process_is_signalled_again_and_again(
    start: Start, queue: Queue, tmp_path: Path
) -> None:
    worker = start(RQCLOCK_GRACE="100")
    job = queue.enqueue(chores.hold, str(tmp_path / "runs"), str(tmp_path / "gate"))
    until(lambda: lines(tmp_path / "runs"))
    horses = worker.below()
    for pid in (worker.pid, *horses) * 3:
        os.kill(pid, signal.SIGTERM)
    worker.wait_for("stopping")
    (tmp_path / "gate").touch()
    assert worker.wait() == 0
    assert job.get_status() == JobStatus.FINISHED
    all_gone(horses)


def test_a_second_interrupt_of_a_person_puts_the_job_back_at_once(start: Start, queue: Queue, tmp_path: Path) -> None:
    worker = start(RQCLOCK_GRACE="200")
    job = queue.enqueue(chores.slow, str(tmp_path / "runs"), 170)
    until(lambda: lines(tmp_path / "runs"))
    worker.signal(signal.SIGINT)
    worker.wait_for("stopping")
    time.sleep(1.1)  # nearer to the first one it is the same key press, sent twice
    worker.signal(signal.SIGINT)
    assert worker.wait() == 0
    assert job.get_status() == JobStatus.QUEUED


def test_an_idle_worker_stops_at_once(start: Start) -> None:
    worker = start("high", "low")
    until(worker.below)
    began = time.monotonic()
    assert worker.stop() == 0
    assert time.monotonic() - began < 2 + NOISE


def test_it_stops_in_time_while_redis_is_away(start: Start, server: Server, queue: Queue, tmp_path: Path) -> None:
    worker = start(RQCLOCK_GRACE="1")
    queue.enqueue(chores.slow, str(tmp_path / "runs"), 60)
    until(lambda: lines(tmp_path / "runs"))
    server.kill()
    began = time.monotonic()
    assert worker.stop() == 0
    took = time.monotonic() - began
    print(f"stopped {took:.1f} s after SIGTERM, without Redis")
    assert took < 1 + 5 + NOISE
