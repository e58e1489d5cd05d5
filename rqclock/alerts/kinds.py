"""The kinds of alerts: what each is called, and what a person does about it."""

from __future__ import annotations

from dataclasses import dataclass

TEN_MINUTES = 600.0


@dataclass(frozen=True)
class Kind:
    """`slug` names it for programs and in the runbook (`#alert-SLUG`), `to_do` says what to do.

    One that has just been told is not told again within `quiet` seconds: a job that fails every other time is one
    alert in that time, not many.
    """

    slug: str
    to_do: str
    quiet: float = TEN_MINUTES


CLOCK_SILENT = Kind(
    "clock-silent",
    "Nothing is queued meanwhile. See whether a clock process runs, and what its log says last; start one: it "
    "makes up for what was due.",
    quiet=0.0,
)
TIME_HELD = Kind(
    "time-held",
    "Find out which time is right. If it is Redis's, say so (rqclock accept-time); else set the clock of its host.",
)
NOT_STARTED = Kind(
    "not-started",
    "See whether a worker works on its queue, and what waits before it (rqclock status, rqclock why).",
)
NOT_FINISHED = Kind(
    "not-finished",
    "See whether it runs still, waits in its queue, or will be tried again; its page shows which.",
)
REFUSED = Kind(
    "refused",
    "It was due, could not be queued, and will not be by itself. Mend the cause (rqclock why), then backfill it.",
)
FAILED = Kind(
    "failed-for-good",
    "No attempt is left. Mend the cause, then queue it again (rqclock failed requeue, or on its page).",
)
JOBS_FAILED = Kind(
    "jobs-failed",
    "Look at the errors (rqclock failed list); mend the cause, then queue them again or discard them.",
)
REDIS_MEMORY = Kind(
    "redis-memory",
    "When it is full nothing can be queued. Give it more memory, or find what fills it: long queues, large results.",
)
REDIS_EVICTS = Kind(
    "redis-evicts",
    "Jobs are lost without an error. Set maxmemory-policy noeviction, then rqclock audit tells what is missing.",
)
REDIS_AWAY = Kind(
    "redis-away",
    "Nothing is queued and no job is taken meanwhile. See whether Redis runs and can be reached from here.",
    quiet=0.0,
)
TEST = Kind("test", "Nothing: somebody asked for this notice.")

KINDS = {
    kind.slug: kind
    for kind in (
        CLOCK_SILENT, TIME_HELD, NOT_STARTED, NOT_FINISHED, REFUSED, FAILED, JOBS_FAILED, REDIS_MEMORY,
        REDIS_EVICTS, REDIS_AWAY, TEST,
    )
}  # fmt: skip
OF_SCHEDULES = (NOT_STARTED, NOT_FINISHED, REFUSED, FAILED)
