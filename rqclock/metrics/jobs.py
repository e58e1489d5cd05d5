"""How the jobs of a Clock's schedules ended, how long they took, and what befell them."""

from __future__ import annotations

from rqclock.metrics.figure import Figure
from rqclock.metrics.look import ClockLook, Look
from rqclock.store.totals import DURATIONS, OUTCOMES, histogram

ENDED = Figure(
    "rqclock_jobs_ended",
    "counter",
    "Jobs of schedules by how they ended; failed and abandoned (its workers died) are failures for good.",
    ("clock", "outcome"),
)
TOOK = Figure("rqclock_job_duration_seconds", "histogram", "How long the last attempt of a job ran.", ("clock",))
RETRIES = Figure(
    "rqclock_job_retries", "counter", "Attempts that failed and were retried, counted at the end.", ("clock",)
)
BACK = Figure(
    "rqclock_jobs_brought_back", "counter", "Jobs, of anybody, queued again because their worker had died.", ("clock",)
)
ABANDONED = Figure(
    "rqclock_jobs_abandoned", "counter", "Jobs, of anybody, given up because their workers died each time.", ("clock",)
)
OPEN = Figure("rqclock_jobs_open", "gauge", "Jobs of schedules that are queued or under way.", ("clock",))
FIGURES = (ENDED, TOOK, RETRIES, BACK, ABANDONED, OPEN)


def read(look: Look, clock: ClockLook) -> None:
    totals, sheet = clock.totals, look.sheet
    sheet.put_all(ENDED, {outcome: totals.get(f"ends:{outcome}", 0) for outcome in OUTCOMES}, clock.name)
    sheet.put_buckets(TOOK, *histogram(totals, "took", DURATIONS), clock.name)
    sheet.put(RETRIES, totals.get("retries", 0), clock.name)
    sheet.put(BACK, totals.get("lost:queued again", 0), clock.name)
    sheet.put(ABANDONED, totals.get("lost:abandoned", 0), clock.name)
    sheet.put(OPEN, int(look.connection.zcard(clock.keys.named("open"))), clock.name)
