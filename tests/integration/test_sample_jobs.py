"""The sample's jobs on a real queue: the one that fails, and is repaired by its retry where people can see it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import redis as redis_py
from rq import Queue, SimpleWorker
from rq.job import JobStatus

from rqclock import Job
from rqclock.aftercare.janitor import Janitor
from rqclock.jobs.serializer import JobSerializer
from rqclock.loading import load
from rqclock.store.keys import Keys
from rqclock.timetable import template
from services.seed import seed
from tests.integration.services.conftest import AT

CLOCK = Path(__file__).resolve().parents[2] / "clock.py"
TICK = "housekeeping-check-mailbox_20260630T093500Z"


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, redis: redis_py.Redis) -> Queue:
    """The sample as it is after its first start, with one tick of the mailbox on the queue."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/sample.db")
    [schedule] = [s for s in load(str(CLOCK)).schedules if s.name == "housekeeping.check_mailbox"]
    monkeypatch.chdir(tmp_path)
    seed(AT)
    stamp = AT.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    of_the_tick = {"created_at": stamp, "enqueued_at": stamp, "scheduled_for": str(int(AT.timestamp()))}
    redis.hset(f"rq:job:{TICK}", mapping=template.fields(schedule))  # type: ignore[arg-type]
    redis.hset(f"rq:job:{TICK}", mapping=of_the_tick)  # type: ignore[arg-type]
    made = Queue(schedule.target.options.queue, connection=redis, job_class=Job, serializer=JobSerializer)
    made.push_job_id(TICK)
    return made


def work(queue: Queue) -> Job:
    """Run what is queued; answer the mailbox's job."""
    SimpleWorker([queue], connection=queue.connection, job_class=Job, serializer=JobSerializer).work(burst=True)
    job = queue.fetch_job(TICK)
    assert isinstance(job, Job)
    return job


def test_an_unreadable_reply_fails_the_first_attempt_and_is_set_aside_by_the_second(
    queue: Queue, redis: redis_py.Redis
) -> None:
    assert work(queue).get_status() == JobStatus.SCHEDULED
    assert Path("var/inbox/3-garbled.json").exists()
    redis.zadd("rq:scheduled:default", {TICK: 0})  # its pause is over
    Janitor(redis, Keys("rq", "default")).step(time.time())
    job = work(queue)
    assert job.get_status() == JobStatus.FINISHED
    assert job.return_value() == "0 replies recorded; 1 unreadable, moved to var/inbox/unreadable"
