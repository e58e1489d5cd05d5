"""What a worker process prints, as a log collector reads it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import redis as redis_py
from rq import Queue
from rq.job import JobStatus

from rqclock import Job
from tests.support import chores
from tests.support.processes import Launched

Start = Callable[..., Launched]


@pytest.fixture
def kind() -> str:
    return "ours"


def rows(worker: Launched) -> list[dict[str, Any]]:
    """Each line of it must be one JSON object."""
    return [json.loads(line) for line in worker.output.splitlines()]


def test_every_line_is_json_and_those_of_a_job_say_which(start: Start, queue: Queue, redis: redis_py.Redis) -> None:
    job = queue.enqueue(chores.letter, "Amira", email="amira@example.org", job_id="letters_20270101T090000Z")
    redis.hset(job.key, mapping={"schedule": "letters", "scheduled_for": 1798794000, "attempts": 1})
    worker = start("-c", "rqclock.rq_settings", "--burst", RQCLOCK_LOG="json", RQCLOCK_SERVICE="apply")
    assert worker.wait() == 0
    found = rows(worker)
    assert {row["process"] for row in found} == {"worker"} and {row["service"] for row in found} == {"apply"}
    (end,) = [row for row in found if "duration" in row]
    assert (end["job_id"], end["schedule"], end["attempt"]) == (job.id, "letters", 1)
    assert end["tick"].startswith("20") and end["worker"] and end["duration"] >= 0
    assert [row["job_id"] for row in found if row["logger"] == "services.letters"] == [job.id]


def test_a_sensitive_argument_is_nowhere_to_be_read(start: Start, queue: Queue, redis: redis_py.Redis) -> None:
    job = queue.enqueue(chores.letter, "Amira", email="amira@example.org")
    worker = start("-c", "rqclock.rq_settings", "--burst", RQCLOCK_LOG="json")
    worker.wait()
    assert job.get_status() == JobStatus.FAILED
    assert "amira@" not in worker.output and "[masked] bounced" in worker.output
    again = Job.fetch(job.id, connection=redis)
    assert "amira@" not in str(again.description) and "[masked] bounced" in str(again.results()[0].exc_string)
