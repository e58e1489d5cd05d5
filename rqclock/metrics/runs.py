"""What was decided on the runs of a Clock, and how late they were queued."""

from __future__ import annotations

from rqclock.metrics.figure import Figure
from rqclock.metrics.look import ClockLook, Look
from rqclock.store.totals import DECISIONS, LATENESS, histogram

RUNS = Figure(
    "rqclock_runs", "counter", "Planned runs by decision: enqueued, skipped, missed, refused.", ("clock", "decision")
)
LATE = Figure(
    "rqclock_run_lateness_seconds", "histogram", "From the time a run was due until it was queued.", ("clock",)
)
FIGURES = (RUNS, LATE)


def read(look: Look, clock: ClockLook) -> None:
    decided = {decision: clock.totals.get(f"runs:{decision}", 0) for decision in DECISIONS}
    look.sheet.put_all(RUNS, decided, clock.name)
    look.sheet.put_buckets(LATE, *histogram(clock.totals, "late", LATENESS), clock.name)
