"""kill -9 of a stock worker, of its work-horse, of both, at each point: the job is back within 60 s, and ends."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from rqclock.store.replies import text
from rqclock.store.rq_records import instant
from tests.support import mortal
from tests.support.processes import kill_all
from tests.support.waiting import until

from .conftest import Yard, show, times

POINTS = [
    ("after pop", "worker"),
    ("after registering", "worker"),
    *(
        (point, whom)
        for point in ("before started", "in the job", "before the result")
        for whom in ("worker", "horse", "both")
    ),
]
WITHIN = 60.0


@pytest.mark.slow
def test_a_job_is_queued_again_within_a_minute_wherever_its_worker_was_killed(yard: Yard, tmp_path: Path) -> None:
    marks, jobs = {}, {}
    for number, (point, whom) in enumerate(POINTS):
        name = f"q{number}"
        marks[name], trace = tmp_path / f"mark-{number}", tmp_path / f"trace-{number}"
        jobs[name] = yard.queue(name).enqueue(mortal.work, str(trace))
        env = {"MORTAL_POINT": point, "MORTAL_WHOM": whom, "MORTAL_MARK": str(marks[name])}
        yard.worker(name, options=("-w", "tests.support.mortal.MortalWorker", "--max-jobs", "1"), **env)
    until(lambda: all(mark.exists() and mark.read_text() for mark in marks.values()), 90, what=yard.story())
    killed = {name: float(mark.read_text()) for name, mark in marks.items()}
    yard.worker(*jobs)

    def ended() -> bool:
        return all(yard.status(job.id) == "finished" for job in jobs.values())

    with suppress(AssertionError):
        until(ended, 75)
    queued = {name: text(yard.redis.hget(job.key, "enqueued_at") or "") for name, job in jobs.items()}
    instants = {name: instant(at) or 0.0 for name, at in queued.items()}
    again = {name: at for name, at in instants.items() if at > killed[name]}
    for number, (point, whom) in enumerate(POINTS):
        name = f"q{number}"
        ran = len(times(tmp_path / f"trace-{number}"))
        figures = {"queued again after": again[name] - killed[name]} if name in again else {"queued again": "no need"}
        show(f"{point}, {whom}", **figures, ran=ran, status=yard.status(jobs[name].id))
    assert {name: yard.status(job.id) for name, job in jobs.items()} == dict.fromkeys(jobs, "finished"), yard.story()
    assert all(again[name] - killed[name] < WITHIN for name in again)
    orphaned = {
        f"q{n}"
        for n, (point, whom) in enumerate(POINTS)
        if whom == "worker" and point not in ("after pop", "after registering")
    }
    assert set(jobs) - set(again) <= orphaned, "only a horse that outlived its worker may have ended the job by itself"


def test_a_job_that_kills_its_work_horse_each_time_is_given_up_after_three(yard: Yard, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    began = time.time()
    job = yard.queue().enqueue(mortal.poison, str(trace))
    yard.worker()
    until(lambda: len(times(trace)) == 3 and yard.status(job.id) == "failed", 60, what=yard.story())
    show("poison, three attempts", took=time.time() - began)
    yard.clock.wait_for("queued again")
    time.sleep(4)  # two looks of the reaper at failed jobs
    assert len(times(trace)) == 3
    assert yard.redis.hget(job.key, "lost") == b"2"
    assert yard.redis.zrange("rq:failed:default", 0, -1) == [job.id.encode()]


@pytest.mark.slow
def test_a_retry_whose_write_was_cut_off_is_not_lost(yard: Yard, tmp_path: Path) -> None:
    proxy, trace = yard.lab.proxy(yard.server.port), tmp_path / "trace"
    job = yard.queue().enqueue(mortal.fails, str(trace), retry=mortal.RETRY)
    proxy.cut_request(b"rq:scheduled:default")
    yard.worker(url=proxy.url)
    until(lambda: proxy.cuts == 1, 30, what=yard.story())
    cut = time.time()
    assert yard.status(job.id) == "scheduled"
    assert yard.redis.zcard("rq:scheduled:default") == 0, "it is in no list now"
    until(lambda: len(times(trace)) == 2, 60, what=yard.story())
    show("fault 34", **{"ran again after": times(trace)[1] - cut})
    assert times(trace)[1] - cut < WITHIN


@pytest.mark.slow
def test_a_worker_that_its_platform_stops_loses_no_job(yard: Yard, tmp_path: Path) -> None:
    kinds = {"terminated, then killed": signal.SIGKILL, "terminated twice": signal.SIGTERM}
    stopped, jobs = {}, {}
    for name in kinds:
        queue = name.partition(",")[0].replace(" ", "-")
        jobs[name] = yard.queue(queue).enqueue(mortal.lasts, str(tmp_path / name), 120)
        worker = yard.worker(queue)
        until(partial(times, tmp_path / name), 30, what=yard.story())
        worker.signal(signal.SIGTERM)
        stopped[name] = worker
    time.sleep(3)  # the grace that this platform gives
    for name, number in kinds.items():
        horses = stopped[name].below()
        stopped[name].signal(number)
        if number == signal.SIGKILL:
            kill_all(horses)
        stopped[name].wait()
    began = time.time()
    until(lambda: all(yard.redis.llen(f"rq:queue:{job.origin}") for job in jobs.values()), 75, what=yard.story())
    show("stopped by the platform, both", **{"queued again after": time.time() - began})
    assert time.time() - began < WITHIN
