"""What was planned for later reaches its queue within a second of its time, once, whatever runs beside the clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rq import Retry
from rq_scheduler import Scheduler as RqScheduler

from rqclock import Scheduler
from rqclock.store.replies import text
from rqclock.store.rq_records import instant
from tests.support import jobs, mortal
from tests.support.lab import NOISE
from tests.support.noise import measured
from tests.support.waiting import until

from .conftest import Yard, show, times

SET = "rq:scheduler:scheduled_jobs"


def lateness(yard: Yard) -> float:
    """How late the later of two planned jobs reaches its queue: after it is due, or was planned if that took longer."""
    due = datetime.now(UTC) + timedelta(seconds=2.5)
    planned = {
        "enqueue_at of @job": jobs.retried.enqueue_at(due),
        "Scheduler": Scheduler(connection=yard.redis).enqueue_at(due, jobs.plain),
    }
    ready = max(due.timestamp(), time.time())
    queued = {road: queued_at(yard, job) for road, job in planned.items()}
    for road, at in queued.items():
        show(road, late=at - ready)
        assert at >= due.timestamp()
    return max(queued.values()) - ready


def queued_at(yard: Yard, job: Any, timeout: float = 60.0) -> float:
    """When the job came into its queue."""
    until(lambda: yard.redis.lpos(f"rq:queue:{job.origin}", job.id) is not None, timeout, what=yard.story())
    return instant(text(yard.redis.hget(job.key, "enqueued_at") or "")) or 0.0


def test_each_of_the_three_roads_brings_a_job_to_its_queue_within_a_second(
    yard: Yard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("rqclock.connection.application_connection", lambda: yard.redis)
    latest, margin = measured(lambda: lateness(yard), promised=1)
    assert latest < 1 + margin

    trace = tmp_path / "trace"
    job = yard.queue("chain").enqueue(mortal.fails, str(trace), retry=Retry(max=2, interval=[1, 2]))
    yard.worker("chain")
    assert yard.ends(job.id, "failed", timeout=90) == "failed"
    first, second, third = times(trace)
    show("retries after 1 s and 2 s", first=second - first, second=third - second)
    assert second - first < 1 + 1 + NOISE  # to wait, to be moved, and for the fork
    assert 1 - 0.1 < third - second < 2 + 1 + NOISE  # RQ cuts off the fraction of the second in which it is due


@pytest.mark.parametrize("beside", ["rqscheduler", "rq worker --with-scheduler"])
def test_either_scheduler_beside_the_clock_does_no_harm(yard: Yard, beside: str) -> None:
    if beside == "rqscheduler":
        daemon = yard.run("rq_scheduler.scripts.rqscheduler", "-u", yard.server.url, "-i", "0.3", "-j", "rqclock.Job")
        daemon.wait_for("Registering birth")
        recurring = RqScheduler("recurring", connection=yard.redis, job_class=Scheduler.job_class)
        recurring.schedule(datetime.utcnow() + timedelta(seconds=1), jobs.plain, interval=1, id="recurring")
    else:
        yard.worker("elsewhere", "default", options=("--with-scheduler", "--max-jobs", "1000"))
        until(lambda: yard.redis.smembers("rq:workers"), 60)
    start = datetime.now(UTC) + timedelta(seconds=1)
    scheduler = Scheduler("held", connection=yard.redis)
    instants = [start + timedelta(milliseconds=60 * number) for number in range(60)]
    one_off = [scheduler.enqueue_at(when, jobs.plain) for when in instants]
    planned = [yard.queue("held").enqueue_at(when, jobs.plain) for when in instants]
    until(lambda: yard.redis.llen("rq:queue:held") >= 120, 60, what=yard.story())
    time.sleep(1.5)  # whoever would push a second time does it by then
    found = yard.redis.lrange("rq:queue:held", 0, -1)
    assert sorted(found) == sorted(job.id.encode() for job in [*one_off, *planned])
    assert yard.redis.zcard("rq:scheduled:held") == 0
    if beside == "rqscheduler":
        until(lambda: yard.redis.zrange(SET, 0, -1) == [b"recurring"])  # its daemon takes it out and puts it back
        until(lambda: yard.redis.llen("rq:queue:recurring") >= 2, what="what recurs, which goes on by its own daemon")
    show(f"120 jobs beside {beside}", pushed=len(found))


def test_without_any_daemon_the_locks_are_the_leaders_until_it_leaves(yard: Yard) -> None:
    yard.queue("mail").enqueue_at(datetime.now(UTC) + timedelta(hours=1), jobs.plain)
    locks = ["rq:scheduler-lock:mail", "rq:clean_registries:mail"]
    until(lambda: all(map(yard.redis.get, locks)))
    assert yard.clock.stop() == 0
    assert [yard.redis.get(lock) for lock in locks] == [None, None]
