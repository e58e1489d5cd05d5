"""Workers of both classes on the tests' server: RQ's own, by which ours is judged, and `rqclock.Worker`."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis as redis_py
import rq
from rq import Queue

from rqclock import Job, Worker
from rqclock.jobs.serializer import JobSerializer
from tests.support.processes import Launch, Launched
from tests.support.server import Server

BOTH = {"stock": "rq.Worker", "ours": "rqclock.Worker"}
CHORES = "tests.support.chores"


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """RQ's worker leaves its signal handlers behind."""
    monkeypatch.setenv("RQCLOCK_JOB_MODULES", CHORES)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(params=list(BOTH))
def kind(request: pytest.FixtureRequest) -> str:
    """Each test that asks for it runs twice."""
    return str(request.param)


@pytest.fixture
def queue(redis: redis_py.Redis) -> Queue:
    return Queue(connection=redis, job_class=Job, serializer=JobSerializer)


@pytest.fixture
def burst(redis_server: Server, kind: str) -> Callable[..., Any]:
    """Run what is in the queues, in this process and its horses: `burst("high", "low", max_jobs=2)`."""

    def run(*queues: str, options: dict[str, Any] | None = None, **how: Any) -> Any:
        made = {"stock": rq.Worker, "ours": Worker}[kind]
        worker = made(list(queues) or ["default"], connection=redis_server.client(), job_class=Job, **(options or {}))
        worker.worked = worker.work(burst=True, logging_level="CRITICAL", **how)
        return worker

    return run


@pytest.fixture
def start(launch: Launch, redis_server: Server, kind: str) -> Callable[..., Launched]:
    """A worker process that listens: `start("--max-idle-time", "1")`."""

    def run(*arguments: str, queues: tuple[str, ...] = ("default",), **variables: str) -> Launched:
        command = ["rq", "worker", "-w", BOTH[kind], "-j", "rqclock.Job", "-u", redis_server.url, *arguments, *queues]
        worker = launch(*command, env={"RQCLOCK_JOB_MODULES": CHORES, **variables})
        worker.wait_for("Listening on")
        return worker

    return run
