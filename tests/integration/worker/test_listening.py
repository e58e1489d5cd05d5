"""Workers that wait for jobs and for commands: RQ's own and ours."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py
import rq
from rq import Callback, Queue
from rq.command import send_kill_horse_command, send_shutdown_command, send_stop_job_command
from rq.job import Job as RqJob
from rq.job import JobStatus
from rq.serializers import JSONSerializer
from rq.suspension import resume, suspend

from rqclock.web import create_app
from tests.support import chores
from tests.support.processes import Launch, Launched
from tests.support.server import Server
from tests.support.waiting import until

Start = Callable[..., Launched]


def the_worker(redis: redis_py.Redis) -> rq.worker.BaseWorker:
    (worker,) = rq.Worker.all(connection=redis)
    return worker


def ended(job: RqJob) -> bool:
    return job.get_status() in (JobStatus.FINISHED, JobStatus.FAILED, JobStatus.STOPPED)


def test_a_busy_worker_is_seen_with_its_job(start: Start, queue: Queue, redis: redis_py.Redis, tmp_path: Path) -> None:
    start()
    until(lambda: the_worker(redis).get_state() == "idle")
    job = queue.enqueue(chores.held, str(tmp_path / "runs"), str(tmp_path / "end"))
    until((tmp_path / "runs").exists)
    assert job.get_status() == JobStatus.STARTED
    worker = the_worker(redis)
    assert (worker.get_state(), worker.get_current_job_id()) == ("busy", job.id)
    assert queue.started_job_registry.get_job_ids() == [job.id]
    (tmp_path / "end").touch()
    until(lambda: ended(job))
    until(lambda: the_worker(redis).get_state() == "idle")
    assert the_worker(redis).get_current_job_id() is None


@pytest.fixture
def busy(start: Start, queue: Queue, redis: redis_py.Redis, tmp_path: Path) -> tuple[str, str]:
    """A worker's name, and the id of the job that it has in hand."""
    start()
    job = queue.enqueue(chores.slow, str(tmp_path / "runs"))
    until((tmp_path / "runs").exists)
    return the_worker(redis).name, job.id


def test_rq_info_shows_a_worker_at_work(busy: tuple[str, str], launch: Launch, redis_server: Server) -> None:
    info = launch("rq", "info", "-u", redis_server.url)
    info.wait()
    assert re.search(rf"{busy[0]} .*busy.* default", info.output), info.output


def test_rq_dashboard_shows_a_worker_and_its_job(busy: tuple[str, str], redis_server: Server) -> None:
    name, job_id = busy
    browser: Any = create_app({"REDIS_URL": redis_server.url, "RQCLOCK_SECRET_KEY": "for tests"}).test_client()
    with browser.session_transaction() as session:
        session.update(id="x", email="ann@example.org", roles=["admin"], since=time.time())
    [shown] = browser.get("/rq/0/data/workers.json").json["workers"]
    assert (shown["name"], shown["queues"], shown["state"]) == (name, ["default"], "busy")
    assert job_id in str(shown["current_job"])
    [counted] = browser.get("/rq/0/data/queues.json").json["queues"]
    assert (counted["name"], counted["started_job_registry_count"]) == ("default", 1)


def test_a_job_is_stopped_by_command(start: Start, queue: Queue, redis: redis_py.Redis, tmp_path: Path) -> None:
    start()
    job = queue.enqueue(chores.slow, str(tmp_path / "runs"), on_stopped=Callback(chores.on_stopped))
    until((tmp_path / "runs").exists)
    send_stop_job_command(redis, job.id, serializer=JSONSerializer)
    until(lambda: ended(job))
    assert job.get_status() == JobStatus.STOPPED
    until(lambda: redis.get("on_stopped") == job.id.encode())
    assert queue.failed_job_registry.get_job_ids() == [job.id]
    after = queue.enqueue(chores.add, 1)
    until(lambda: ended(after))


def test_a_killed_horse_fails_its_job(start: Start, queue: Queue, redis: redis_py.Redis, tmp_path: Path) -> None:
    start()
    job = queue.enqueue(chores.slow, str(tmp_path / "runs"))
    until((tmp_path / "runs").exists)
    send_kill_horse_command(redis, the_worker(redis).name)
    until(lambda: ended(job))
    assert job.get_status() == JobStatus.FAILED
    assert "Work-horse terminated unexpectedly" in str(job.results()[0].exc_string)


def test_a_suspended_worker_runs_nothing_until_it_is_resumed(
    start: Start, queue: Queue, redis: redis_py.Redis, tmp_path: Path
) -> None:
    start()
    running = queue.enqueue(chores.held, str(tmp_path / "runs"), str(tmp_path / "end"))
    until((tmp_path / "runs").exists)
    suspend(redis)
    job = queue.enqueue(chores.add, 2)
    (tmp_path / "end").touch()  # it looks whether it may when a job has ended
    until(lambda: the_worker(redis).get_state() == "suspended")
    assert (ended(running), job.get_status()) == (True, JobStatus.QUEUED)
    resume(redis)
    until(lambda: ended(job))


def test_a_worker_shuts_down_by_command(start: Start, queue: Queue, redis: redis_py.Redis) -> None:
    worker = start()
    until(lambda: the_worker(redis).get_state() == "idle")
    send_shutdown_command(redis, the_worker(redis).name)
    assert worker.wait() == 0
    assert not redis.smembers("rq:workers")


def test_an_idle_worker_ends_after_its_time(start: Start, queue: Queue) -> None:
    worker = start("--max-idle-time", "1")
    job = queue.enqueue(chores.add, 1)
    assert worker.wait() == 0
    assert job.get_status() == JobStatus.FINISHED
