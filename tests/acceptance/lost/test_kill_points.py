"""kill -9 of a worker, of its work-horse, of both, at each point: the job is back within 60 s, and ends."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from rqclock.store.ledger import slices
from rqclock.store.replies import text
from rqclock.store.rq_records import instant
from tests.support import mortal
from tests.support.noise import Noise
from tests.support.processes import kill_all
from tests.support.waiting import until

from .conftest import Yard, show, times

ANYBODY = ("worker", "horse", "both")
BEGUN = ("in the job", "before the result")
STOCK = [
    ("after pop", "worker"),
    ("after registering", "worker"),
    *((point, whom) for point in ("before started", *BEGUN) for whom in ANYBODY),
]
OURS = [(point, whom) for point in ("after pop", "before started", "after registering", *BEGUN) for whom in ANYBODY]
KINDS = {"stock": ("MortalWorker", STOCK), "ours": ("MortalKeeper", OURS)}
WITHIN = 60.0
Property = Callable[[str, object], None]


@pytest.mark.fault("32", "kill -9 of a worker, its work-horse, or both, at each of five points")
@pytest.mark.slow
@pytest.mark.parametrize("kind", list(KINDS))
def test_a_job_is_queued_again_within_a_minute_wherever_its_worker_was_killed(
    yard: Yard, tmp_path: Path, kind: str, record_property: Property
) -> None:
    name, points = KINDS[kind]
    victims = [Victim(yard, tmp_path / str(number), *point) for number, point in enumerate(points)]
    with Noise() as noise:
        for part in slices(victims, 5):  # so many start beside each other
            for victim in part:
                victim.start(f"tests.support.mortal.{name}")
            until(lambda part=part: all(victim.killed for victim in part), 120, what=yard.story())  # type: ignore[misc]
        yard.worker(*(victim.job.origin for victim in victims))
        with suppress(AssertionError):
            until(lambda: all(victim.status == "finished" for victim in victims), 150)
    for victim in victims:
        victim.show(kind)
    again = [victim.waited for victim in victims if victim.was_queued_again]
    record_property(
        "measured", f"{len(again)} of {len(victims)} queued again, after {min(again):.1f} to {max(again):.1f} s"
    )
    assert {victim.status for victim in victims} == {"finished"}, yard.story()
    assert all(victim.waited < WITHIN + noise.margin for victim in victims)
    spared = [victim for victim in victims if not victim.was_queued_again]
    assert all(victim.may_have_ended_by_itself(kind) for victim in spared)
    assert all(victim.runs <= 2 for victim in victims)


class Victim:
    """One job, and the worker that will be killed with it."""

    def __init__(self, yard: Yard, folder: Path, point: str, whom: str) -> None:
        folder.mkdir()
        self.point, self.whom = point, whom
        self._yard, self._mark, self._trace = yard, folder / "mark", folder / "trace"
        self.job = yard.queue(f"q{folder.name}").enqueue(mortal.work, str(self._trace))

    def start(self, worker: str) -> None:
        env = {"MORTAL_POINT": self.point, "MORTAL_WHOM": self.whom, "MORTAL_MARK": str(self._mark)}
        self._yard.worker(self.job.origin, options=("-w", worker, "--max-jobs", "1"), **env)

    @property
    def killed(self) -> float:
        """When; 0 before that."""
        return float(self._mark.read_text() or 0) if self._mark.exists() else 0.0

    @property
    def status(self) -> str:
        return self._yard.status(self.job.id)

    @property
    def runs(self) -> int:
        return len(times(self._trace))

    @property
    def waited(self) -> float:
        """Seconds from the kill until it was queued again, or had begun anew; 0 if there was no need."""
        if self.was_queued_again:
            return self._queued_at - self.killed
        return max(0.0, times(self._trace)[-1] - self.killed)

    @property
    def was_queued_again(self) -> bool:
        return self._queued_at > self.killed

    @property
    def _queued_at(self) -> float:
        return instant(text(self._yard.redis.hget(self.job.key, "enqueued_at") or "")) or 0.0

    def may_have_ended_by_itself(self, kind: str) -> bool:
        """A stock work-horse outlives its worker, ours by a moment; a job of ours that has not begun is put back."""
        if kind == "stock":
            return self.whom == "worker" and self.point not in ("after pop", "after registering")
        return self.whom == "worker" or (self.whom, self.point) == ("horse", "before started")

    def show(self, kind: str) -> None:
        again = {"queued again": "no need"} if not self.was_queued_again else {"queued again after": self.waited}
        show(f"{kind}: {self.point}, {self.whom}", **again, ran=self.runs, status=self.status)


@pytest.mark.fault("32", "a job that kills its work-horse each time")
@pytest.mark.parametrize("worker_class", ["rq.Worker", "rqclock.Worker"])
def test_a_job_that_kills_its_work_horse_each_time_is_given_up_after_three(
    yard: Yard, tmp_path: Path, worker_class: str
) -> None:
    trace = tmp_path / "trace"
    began = time.time()
    job = yard.queue().enqueue(mortal.poison, str(trace))
    yard.worker(options=("-w", worker_class))
    until(lambda: len(times(trace)) == 3 and yard.status(job.id) == "failed", 120, what=yard.story())
    show(f"poison, three attempts, {worker_class}", took=time.time() - began)
    yard.clock.wait_for("queued again")
    time.sleep(4)  # two looks of the reaper at failed jobs
    assert len(times(trace)) == 3
    assert yard.redis.hget(job.key, "lost") == b"2"
    assert yard.redis.zrange("rq:failed:default", 0, -1) == [job.id.encode()]


@pytest.mark.fault("34", "a connection cut at the very write of a retry")
@pytest.mark.slow
def test_a_retry_whose_write_was_cut_off_is_not_lost(yard: Yard, tmp_path: Path, record_property: Property) -> None:
    proxy, trace = yard.lab.proxy(yard.server.port), tmp_path / "trace"
    job = yard.queue().enqueue(mortal.fails, str(trace), retry=mortal.RETRY)
    proxy.cut_request(b"rq:scheduled:default")
    yard.worker(url=proxy.url)
    until(lambda: proxy.cuts == 1, 60, what=yard.story())
    cut = time.time()
    assert yard.status(job.id) == "scheduled"
    assert yard.redis.zcard("rq:scheduled:default") == 0, "it is in no list now"
    until(lambda: len(times(trace)) == 2, 90, what=yard.story())
    record_property("measured", f"ran again after {times(trace)[1] - cut:.1f} s")
    assert times(trace)[1] - cut < WITHIN


@pytest.mark.fault("33", "SIGTERM, then SIGKILL to all or a second SIGTERM, with a job of 120 s in hand")
@pytest.mark.slow
@pytest.mark.parametrize("worker_class", ["rq.Worker", "rqclock.Worker"])
def test_a_worker_that_its_platform_stops_loses_no_job(
    yard: Yard, tmp_path: Path, worker_class: str, record_property: Property
) -> None:
    kinds = {"terminated, then killed": signal.SIGKILL, "terminated twice": signal.SIGTERM}
    stopped, jobs = {}, {}
    for name in kinds:
        queue = name.partition(",")[0].replace(" ", "-")
        jobs[name] = yard.queue(queue).enqueue(mortal.lasts, str(tmp_path / name), 120)
        stopped[name] = yard.worker(queue, options=("-w", worker_class), RQCLOCK_GRACE="5")
    for name in kinds:
        until(partial(times, tmp_path / name), 60, what=yard.story())
    for worker in stopped.values():
        worker.signal(signal.SIGTERM)
    time.sleep(3)  # the grace that this platform gives
    for name, number in kinds.items():
        horses = stopped[name].below()
        stopped[name].signal(number)
        if number == signal.SIGKILL:
            kill_all(horses)
        stopped[name].wait()
    began = time.time()
    until(lambda: all(yard.redis.llen(f"rq:queue:{job.origin}") for job in jobs.values()), 90, what=yard.story())
    took = time.time() - began
    record_property("measured", f"queued again after {took:.1f} s")
    assert took < WITHIN
