"""Whether the runs of a schedule are as they must be. Pure: what was read, and the time, are arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from rqclock.alerts import wording
from rqclock.alerts.finding import Finding
from rqclock.alerts.kinds import FAILED, NOT_FINISHED, NOT_STARTED, REFUSED, Kind
from rqclock.store.rq_records import LOST, OVERRAN
from rqclock.store.ticks import read_job_id
from rqclock.timetable.schedules import Schedule
from rqclock.views.history import Run

FRESH = 60.0  # seconds for which a failure counts although a later run went well
UNDECIDED = "undecided"
BEGUN = ("started", "scheduled", "finished", "failed", "stopped", "abandoned")
OVER = ("failed", "stopped", "abandoned", "canceled", "unknown")
# What may yet become of a run: nobody has to wait for a later one to hear that it is well.
OPEN = ("enqueued", UNDECIDED)

GOOD, BAD, UNCLEAR, PENDING = "good", "bad", "unclear", "pending"
Stage = Callable[[Run], str]


@dataclass(frozen=True)
class Seen:
    """What was read of a schedule: its last runs and those still open, and ticks that nobody has decided though due."""

    clock: str
    schedule: Schedule
    runs: tuple[Run, ...] = ()
    undecided: tuple[int, ...] = ()

    def all_runs(self) -> list[Run]:
        """Newest first, each tick once."""
        waiting = [Run(tick, UNDECIDED) for tick in self.undecided]
        found = {(run.tick, run.job_id): run for run in (*self.runs, *waiting)}
        return sorted(found.values(), key=lambda run: -run.tick)


def judge(seen: Seen, now: float) -> Iterator[Finding]:
    """What there is to say of the schedule at `now` (epoch seconds): for each thing that it promises one finding."""
    policies, runs = seen.schedule.policies, seen.all_runs()
    planned = [run for run in runs if not _by_hand(run)]
    if policies.must_start_within is not None:
        within = policies.must_start_within
        yield _finding(seen, NOT_STARTED, _weigh(planned, lambda run: start_stage(run, within, now)), within)
    if policies.must_finish_within is not None:
        within = policies.must_finish_within
        yield _finding(seen, NOT_FINISHED, _weigh(planned, lambda run: finish_stage(run, within, now)), within)
    if policies.must_start_within is None and policies.must_finish_within is None:
        yield _finding(seen, REFUSED, _weigh(planned, refuse_stage), None)  # with a promise it is late, in a moment
    yield _finding(seen, FAILED, _failure(runs, now), None)


def start_stage(run: Run, within: int, now: float) -> str:
    """How a run stands that must have started `within` seconds."""
    if run.decision == "skipped":
        return PENDING
    if run.started_at is not None or run.attempt > 1 or run.status in BEGUN:
        return GOOD
    if run.status in OVER:
        return UNCLEAR
    return _overdue(run, within, now)


def finish_stage(run: Run, within: int, now: float) -> str:
    """Likewise one that must have ended. That it failed is another alert, so it neither is late nor well."""
    if run.decision == "skipped":
        return PENDING
    if run.status == "finished":
        return GOOD
    if run.status in OVER and not lost(run):
        return UNCLEAR
    return _overdue(run, within, now)


def refuse_stage(run: Run) -> str:
    """Whether it was queued when it was due."""
    return {"refused": BAD, "enqueued": GOOD}.get(run.decision, PENDING)


def fail_stage(run: Run) -> str:
    """Whether it ended well or, with no attempt left, badly."""
    if run.status in ("failed", "abandoned") and not lost(run):
        return BAD
    return {"finished": GOOD, "stopped": UNCLEAR, "canceled": UNCLEAR}.get(run.status or "", PENDING)


def lost(run: Run) -> bool:
    """Whether RQ failed it because of its worker: then it is queued again within a minute."""
    error = run.error or ""
    return run.status == "failed" and error.startswith(LOST) and OVERRAN not in error


def _overdue(run: Run, within: int, now: float) -> str:
    """What a person had queued long after its time is late on purpose."""
    return BAD if now > run.tick + within and not run.backfilled_from else PENDING


def _by_hand(run: Run) -> bool:
    named = read_job_id(run.job_id or "")
    return named is not None and named[2] is not None


def _weigh(runs: Iterable[Run], stage: Stage) -> tuple[str, Run | None]:
    """The newest run that may still be mended and is late; else what the newest one says that says anything."""
    stages = [(stage(run), run) for run in runs]
    late = [run for said, run in stages if said == BAD and run.decision in OPEN]
    if late:
        return BAD, late[0]
    return next(((said, run) for said, run in stages if said != PENDING), (UNCLEAR, None))


def _failure(runs: list[Run], now: float) -> tuple[str, Run | None]:
    stages = [(fail_stage(run), run) for run in runs]
    fresh = [run for said, run in stages if said == BAD and (run.finished_at or 0.0) > now - FRESH]
    if fresh:
        return BAD, fresh[0]
    return next(((said, run) for said, run in stages if said != PENDING), (UNCLEAR, None))


def _finding(seen: Seen, kind: Kind, weighed: tuple[str, Run | None], within: int | None) -> Finding:
    said, run = weighed
    schedule = seen.schedule
    finding = Finding(kind, None, seen.clock, schedule.slug, schedule.name)
    if run is None or said == UNCLEAR:
        return finding
    if said == GOOD:
        return replace(finding, bad=False, at=run.tick, text=wording.well(kind, schedule))
    since = run.tick + within if within is not None else run.finished_at or run.tick
    return replace(finding, bad=True, at=run.tick, since=since, text=wording.wrong(kind, schedule, run))
