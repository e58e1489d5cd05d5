"""A worker process with a server of its own, which the test may stop, fill or cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis as redis_py
from rq import Queue

from rqclock import Job
from tests.support.processes import Launch, Launched
from tests.support.proxy import Proxy
from tests.support.server import Server

WORKER = ("rq", "worker", "-w", "rqclock.Worker", "-j", "rqclock.Job")


@pytest.fixture(autouse=True)
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RQCLOCK_JOB_MODULES", "tests.support.chores")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "redis", append_only=True).start()
    yield made
    made.kill()


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    """A way to the server that the test may cut."""
    made = Proxy(server.port).start()
    yield made
    made.stop()


@pytest.fixture
def client(server: Server) -> redis_py.Redis:
    return server.client()


@pytest.fixture
def queue(client: redis_py.Redis) -> Queue:
    return Queue(connection=client, job_class=Job)


@pytest.fixture
def start(server: Server, proxy: Proxy, launch: Launch) -> Callable[..., Launched]:
    """`start("high", "low", RQCLOCK_GRACE="1")`; `url=`: another way to the server. It ends before the proxy."""

    def run(*queues: str, url: str = "", **variables: str) -> Launched:
        worker = launch(*WORKER, "-u", url or server.url, *queues, env=variables)
        worker.wait_for("Listening on")
        return worker

    return run
