"""What a job may be: JSON of ours, RQ's pickles where they are allowed, and nothing that a stranger chose."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, cast

import pytest
import redis as redis_py
from rq import Queue
from rq.job import JobStatus
from rq.serializers import JSONSerializer

from rqclock import Job
from tests.support import chores
from tests.support.processes import Launch, Launched
from tests.support.server import Server
from tests.support.waiting import until

Burst = Callable[..., Any]


def forge(redis: redis_py.Redis, queue: Queue, data: list[Any]) -> Job:
    """A job as whoever can write to Redis writes it."""
    stamp = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    packed = zlib.compress(json.dumps(data).encode())
    facts: Any = {"data": packed, "created_at": stamp, "origin": "default", "status": "queued", "description": ""}
    redis.hset("rq:job:forged", mapping=facts)
    redis.rpush("rq:queue:default", "forged")
    return cast("Job", Job.fetch("forged", connection=redis))


@pytest.mark.fault("43", "a job that names os.system")
def test_a_forged_job_is_refused_and_recorded(burst: Burst, queue: Queue, redis: redis_py.Redis, tmp_path: Any) -> None:
    job = forge(redis, queue, ["os.system", None, [f"touch {tmp_path}/ran"], {}])
    burst()
    assert job.get_status() == JobStatus.FAILED
    assert "JobRefused: a job may not name os.system" in str(job.results()[0].exc_string)
    assert not (tmp_path / "ran").exists()


def test_a_refused_job_is_not_tried_for_ever(burst: Burst, queue: Queue, redis: redis_py.Redis) -> None:
    job = forge(redis, queue, ["os.system", None, ["true"], {}])
    redis.hset(job.key, "retries_left", 1_000_000)
    worker = burst(max_jobs=20)
    assert job.get_status() == JobStatus.FAILED and not queue.count
    assert redis.hget(worker.key, "failed_job_count") == b"6", "amid a deploy the next worker may know it"


def test_a_pickle_fails_with_a_line_that_says_how_to_run_it(burst: Burst, queue: Queue, redis: redis_py.Redis) -> None:
    job = Queue(connection=redis).enqueue(chores.add, 1)
    burst()
    assert job.get_status() == JobStatus.FAILED
    (found,) = Job.fetch(job.id, connection=redis).results()
    assert (
        str(found.exc_string)
        .splitlines()[-1]
        .endswith("this job is a pickle and this worker reads JSON; set RQCLOCK_ALLOW_PICKLE=1 to run both")
    )


def test_pickles_and_ours_share_a_queue_where_that_is_allowed(
    burst: Burst, queue: Queue, redis: redis_py.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RQCLOCK_ALLOW_PICKLE", "1")
    monkeypatch.setenv("RQCLOCK_JOB_MODULES", "tests.support.chores")
    theirs = Queue(connection=redis).enqueue("operator.add", 1, 2)
    ours = queue.enqueue(chores.add, 3)
    burst()
    assert (theirs.get_status(), ours.get_status()) == (JobStatus.FINISHED, JobStatus.FINISHED)


def test_dates_arrive_as_dates(burst: Burst, queue: Queue) -> None:
    job = queue.enqueue(chores.name_type, date(2027, 1, 1))
    burst()
    assert job.return_value() == "date"


def test_a_stock_worker_that_reads_json_shares_the_queue_and_sees_a_date_as_an_object(
    launch: Launch, redis_server: Server, queue: Queue, start: Callable[..., Launched], kind: str
) -> None:
    stock = launch("rq", "worker", "-S", "json", "-u", redis_server.url)
    stock.wait_for("Listening on")
    job = queue.enqueue(chores.name_type, date(2027, 1, 1))
    until(lambda: job.get_status() == JobStatus.FINISHED)
    assert Job.fetch(job.id, connection=queue.connection, serializer=JSONSerializer).return_value() == "dict"
    start()
    jobs = [queue.enqueue(chores.add, n) for n in range(20)]
    until(lambda: all(job.get_status() == JobStatus.FINISHED for job in jobs))
