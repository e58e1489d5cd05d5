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


def rows(worker: Launched) -> list[dict[str, Any]]:
    """Each line of it must be one JSON object."""
    return [json.loads(line) for line in worker.output.splitlines()]


def test_every_line_is_json_and_those_of_a_job_say_which(
    start: Start, queue: Queue, redis: redis_py.Redis, kind: str
) -> None:
    job = queue.enqueue(chores.letter, "Amira", email="amira@example.org", job_id="letters_20270101T090000Z")
    redis.hset(job.key, mapping={"schedule": "letters", "scheduled_for": 1798794000, "attempts": 1, "lost": 1})
    worker = start("-c", "rqclock.rq_settings", "--burst", RQCLOCK_LOG="json", RQCLOCK_SERVICE="apply")
    assert worker.wait() == 0
    found = rows(worker)
    assert {row["process"] for row in found} == {"worker"} and {row["service"] for row in found} == {"apply"}
    (line,) = [row for row in found if row["logger"] == "services.letters"]
    assert (line["job_id"], line["schedule"], line["tick"]) == (job.id, "letters", "2027-01-01T09:00:00Z")
    assert line["worker"] and line["attempt"] == 2, "its first worker was lost"
    ends = [row for row in found if "duration" in row]
    assert [(end["job_id"], end["schedule"]) for end in ends] == [(job.id, "letters")] * (kind == "ours")
    assert all(end["duration"] >= 0 for end in ends)


@pytest.mark.parametrize("sensitive", ["[1]", "no json", '{"args": 5}'])
def test_facts_that_nobody_of_us_wrote_do_no_harm(
    start: Start, queue: Queue, redis: redis_py.Redis, sensitive: str
) -> None:
    job = queue.enqueue(chores.say, "hello")
    odd: dict[Any, Any] = {"schedule": b"\xff", "scheduled_for": "9" * 17, "attempts": "9" * 5000, "lost": "-1"}
    odd["sensitive"] = sensitive
    redis.hset(job.key, mapping=odd)
    worker = start("-c", "rqclock.rq_settings", "--burst", RQCLOCK_LOG="json")
    assert worker.wait() == 0
    assert job.get_status() == JobStatus.FINISHED and "hello" in worker.output, worker.output


def test_a_sensitive_argument_is_nowhere_to_be_read(start: Start, queue: Queue, redis: redis_py.Redis) -> None:
    job = queue.enqueue(chores.letter, "Amira", email="amira@example.org")
    worker = start("-c", "rqclock.rq_settings", "--burst", RQCLOCK_LOG="json")
    worker.wait()
    assert job.get_status() == JobStatus.FAILED
    assert "amira@" not in worker.output and "[masked] bounced" in worker.output
    again = Job.fetch(job.id, connection=redis)
    assert "amira@" not in str(again.description) and "[masked] bounced" in str(again.results()[0].exc_string)
