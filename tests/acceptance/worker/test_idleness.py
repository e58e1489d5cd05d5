"""A worker without work waits longer for a job than for any other answer of Redis."""

from __future__ import annotations

import pytest
import redis as redis_py
from rq import Queue, Worker
from rq.command import send_shutdown_command
from rq.job import JobStatus

from tests.support import chores
from tests.support.processes import Launch
from tests.support.server import Server
from tests.support.waiting import until

KINDS = {"ours": ("-w", "rqclock.Worker"), "stock": ()}
SHORT = {"REDIS_TIMEOUT": "0.5", "REDIS_CONNECT_TIMEOUT": "0.5"}
WAITING = {"blmove", "subscribe"}


@pytest.mark.parametrize("kind", list(KINDS))
def test_an_idle_worker_outlives_short_timeouts_and_hears_jobs_and_commands(
    launch: Launch, server: Server, client: redis_py.Redis, queue: Queue, kind: str
) -> None:
    def are_idle() -> bool:
        """Whether its two waiting connections have been silent for several of these timeouts."""
        return {one["cmd"] for one in client.client_list() if int(one["idle"]) >= 3} >= WAITING

    command = ("rq", "worker", "-c", "rqclock.rq_settings", *KINDS[kind], "-j", "rqclock.Job")
    worker = launch(*command, env={"REDIS_URL": server.url, **SHORT})
    until(are_idle, 60, what=worker)
    job = queue.enqueue(chores.add, 1)
    until(lambda: job.get_status() == JobStatus.FINISHED, 60)
    (key,) = Worker.all_keys(connection=client)
    send_shutdown_command(client, key.rpartition(":")[2])
    assert worker.wait() == 0
    assert "imeout" not in worker.output, worker.output
