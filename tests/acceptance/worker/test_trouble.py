"""Redis is restarted, full, read-only or cut off: the worker waits and goes on, and no job is lost or run twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import redis as redis_py
from rq import Queue, Retry
from rq.job import JobStatus

from rqclock.aftercare.reaper import Reaper
from rqclock.store.keys import Keys
from tests.support import chores
from tests.support.ports import any_free
from tests.support.processes import Launched
from tests.support.proxy import Proxy
from tests.support.server import Server
from tests.support.waiting import until

Start = Callable[..., Launched]


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def test_a_restart_of_redis_is_ridden_out_and_the_result_is_kept(
    start: Start, server: Server, queue: Queue, tmp_path: Path
) -> None:
    worker = start()
    job = queue.enqueue(chores.hold, str(tmp_path / "runs"), str(tmp_path / "gate"))
    until(lambda: lines(tmp_path / "runs"))
    server.kill()
    (tmp_path / "gate").touch()
    worker.wait_for("waiting")
    server.start()
    until(lambda: job.get_status() == JobStatus.FINISHED)
    assert len(lines(tmp_path / "runs")) == 2 and len(job.results()) == 1
    after = queue.enqueue(chores.add, 1)
    until(lambda: after.get_status() == JobStatus.FINISHED)
    assert worker.running


def test_an_idle_worker_rides_out_a_restart(start: Start, server: Server, queue: Queue) -> None:
    worker = start("high", "default")
    until(worker.below)
    server.kill()
    worker.wait_for("waiting")
    server.start()
    job = queue.enqueue(chores.add, 1)
    until(lambda: job.get_status() == JobStatus.FINISHED)


def test_a_full_redis_is_ridden_out(start: Start, client: redis_py.Redis, queue: Queue, tmp_path: Path) -> None:
    worker = start()
    job = queue.enqueue(chores.hold, str(tmp_path / "runs"), str(tmp_path / "gate"))
    waiting = queue.enqueue(chores.add, 1)
    until(lambda: lines(tmp_path / "runs"))
    client.config_set("maxmemory", "1")
    (tmp_path / "gate").touch()
    worker.wait_for("waiting")
    assert job.get_status() == JobStatus.STARTED
    client.config_set("maxmemory", "0")
    until(lambda: waiting.get_status() == JobStatus.FINISHED)
    assert job.get_status() == JobStatus.FINISHED and len(lines(tmp_path / "runs")) == 2


def test_a_read_only_redis_is_ridden_out(start: Start, client: redis_py.Redis, queue: Queue) -> None:
    worker = start()
    until(worker.below)
    job = queue.enqueue(chores.add, 1)
    until(lambda: job.get_status() == JobStatus.FINISHED)
    client.replicaof("127.0.0.1", any_free())  # of nobody: another test's server would give it its own data
    worker.wait_for("waiting")
    client.replicaof("NO", "ONE")
    after = queue.enqueue(chores.add, 2)
    until(lambda: after.get_status() == JobStatus.FINISHED)
    assert worker.running


MOMENTS = {"the start": b"begins", "the end": b"successful_job_count"}


@pytest.mark.parametrize("moment", list(MOMENTS))
@pytest.mark.parametrize("way", ["cut_request", "cut_reply"])
def test_a_lost_request_or_reply_runs_a_job_neither_twice_nor_never(
    start: Start, proxy: Proxy, queue: Queue, client: redis_py.Redis, tmp_path: Path, moment: str, way: str
) -> None:
    worker = start(url=proxy.url)
    until(worker.below)
    getattr(proxy, way)(MOMENTS[moment])
    job = queue.enqueue(chores.note, str(tmp_path / "runs"))
    until(lambda: proxy.cuts)
    until(lambda: job.get_status() == JobStatus.FINISHED)
    after = queue.enqueue(chores.add, 1)
    until(lambda: after.get_status() == JobStatus.FINISHED)
    assert len(lines(tmp_path / "runs")) == 1
    assert len(job.results()) == 1
    assert not client.keys("rq:execution*") and not client.zcard("rq:wip:default")
    assert [client.hget(key, "successful_job_count") for key in client.keys("rq:worker:*")] == [b"2"]


@pytest.mark.parametrize("way", ["cut_request", "cut_reply"])
def test_a_failure_with_a_retry_is_neither_lost_nor_counted_twice(
    start: Start, proxy: Proxy, queue: Queue, tmp_path: Path, way: str
) -> None:
    worker = start(url=proxy.url)
    until(worker.below)
    getattr(proxy, way)(b"failed_job_count")
    job = queue.enqueue(chores.fail_twice, str(tmp_path / "runs"), retry=Retry(max=3))
    until(lambda: proxy.cuts)
    until(lambda: job.get_status() == JobStatus.FINISHED)
    job.refresh()
    assert (len(lines(tmp_path / "runs")), job.retries_left) == (3, 1)


@pytest.mark.parametrize("way", ["cut_request", "cut_reply"])
def test_a_retry_with_an_interval_is_in_its_registry(start: Start, proxy: Proxy, queue: Queue, way: str) -> None:
    worker = start(url=proxy.url)
    until(worker.below)
    getattr(proxy, way)(b"failed_job_count")
    job = queue.enqueue(chores.fail, retry=Retry(max=3, interval=60))
    until(lambda: proxy.cuts)
    until(lambda: queue.scheduled_job_registry.get_job_ids() == [job.id])
    job.refresh()
    assert (job.get_status(), job.retries_left) == (JobStatus.SCHEDULED, 2)


@pytest.mark.parametrize("queues", [("default",), ("high", "default")])
def test_a_job_whose_handover_was_lost_is_in_a_list_where_the_reaper_finds_it(
    start: Start, proxy: Proxy, queue: Queue, client: redis_py.Redis, queues: tuple[str, ...]
) -> None:
    def waits() -> bool:
        return bool(client.info("clients")["blocked_clients"] == len(queues))

    worker = start(*queues, url=proxy.url)
    until(waits)
    cut = proxy.cut_reply(b"rq:queue:default:intermediate")  # the next one to wait; nobody hears what it is given
    first = queue.enqueue(chores.add, 1)
    until(lambda: first.get_status() == JobStatus.FINISHED)
    until(lambda: cut() and waits())
    second, third = queue.enqueue(chores.add, 2), queue.enqueue(chores.add, 3)
    until(lambda: third.get_status() == JobStatus.FINISHED)
    assert client.lrange("rq:queue:default:intermediate", 0, -1) == [second.id.encode()]
    assert second.get_status() == JobStatus.QUEUED and worker.running
    reaper = Reaper(client, Keys("rq", "default"), apart=0.0)
    for _ in range(2):
        reaper.step(time.time())
    until(lambda: second.get_status() == JobStatus.FINISHED)
    assert not client.exists("rq:queue:default:intermediate")
