"""The queues: what waits in each and for how long, what has failed, what is planned and should have been moved."""

from __future__ import annotations

from typing import Any

from rqclock.metrics.figure import Figure
from rqclock.metrics.look import Look
from rqclock.store.replies import text
from rqclock.store.rq_records import instant

MOST = 200  # queues that have series of their own
HEAD = 10  # jobs at the front of a queue that are asked for their age: one put back in front is younger than the next
ONE = ("queue",)

WAITING = Figure("rqclock_queue_jobs", "gauge", "Jobs that wait in the queue.", ONE)
OLDEST = Figure(
    "rqclock_queue_oldest_job_age_seconds", "gauge", "How long the oldest of them has waited; 0: none.", ONE
)
STARTED = Figure("rqclock_queue_started_jobs", "gauge", "Jobs of the queue that workers have under way.", ONE)
FAILED = Figure("rqclock_queue_failed_jobs", "gauge", "Failed jobs of the queue that are kept, of anybody.", ONE)
PLANNED = Figure("rqclock_queue_planned_jobs", "gauge", "Jobs that wait for a later time, or for a retry.", ONE)
LAG = Figure(
    "rqclock_queue_planned_lag_seconds", "gauge", "How long the first of those is past its time and not queued.", ONE
)
LEFT_OUT = Figure("rqclock_queues_left_out", "gauge", f"Queues beyond {MOST}: they have no series of their own.")
QUARANTINED = Figure("rqclock_quarantined_jobs", "gauge", "Jobs that no worker could read and that were put aside.")
FIGURES = (WAITING, OLDEST, STARTED, FAILED, PLANNED, LAG, LEFT_OUT, QUARANTINED)
COUNTS = (WAITING, STARTED, FAILED, PLANNED)


def read(look: Look) -> None:
    head = f"{look.prefix}:queue:"
    look.queues |= {text(key).removeprefix(head) for key in look.connection.smembers(f"{look.prefix}:queues")}
    names = sorted(look.queues)[:MOST]
    look.sheet.put(LEFT_OUT, len(look.queues) - len(names))
    pipeline = look.connection.pipeline(transaction=False)
    for name in names:
        pipeline.llen(f"{head}{name}")
        pipeline.zcard(f"{look.prefix}:wip:{name}")
        pipeline.zcard(f"{look.prefix}:failed:{name}")
        pipeline.zcard(f"{look.prefix}:scheduled:{name}")
        pipeline.zrange(f"{look.prefix}:scheduled:{name}", 0, 0, withscores=True)
        pipeline.lrange(f"{head}{name}", 0, HEAD - 1)
    answers = pipeline.execute(raise_on_error=False)
    heads: dict[str, list[bytes]] = {}
    for n, name in enumerate(names):
        *counts, first, heads[name] = map(_sound, answers[6 * n : 6 * n + 6])
        _put_counts(look, name, counts)
        if first is not None:
            look.sheet.put(LAG, max(0.0, look.now - first[0][1]) if first else 0.0, name)
    _put_ages(look, heads)
    look.sheet.put(QUARANTINED, int(look.connection.hlen(f"{look.prefix}:quarantine")))


def _sound(answer: Any) -> Any:
    """The answer, None for a key of another type."""
    return None if isinstance(answer, Exception) else answer


def _put_counts(look: Look, name: str, counts: list[Any]) -> None:
    for figure, count in zip(COUNTS, counts, strict=True):
        if count is not None:
            look.sheet.put(figure, count, name)


def _put_ages(look: Look, heads: dict[str, Any]) -> None:
    asked = [(name, job_id) for name, ids in heads.items() for job_id in ids or ()]
    pipeline = look.connection.pipeline(transaction=False)
    for _, job_id in asked:
        pipeline.hget(f"{look.prefix}:job:{text(job_id)}", "enqueued_at")
    ages = {name: 0.0 for name, ids in heads.items() if ids is not None}
    for (name, _), found in zip(asked, pipeline.execute(raise_on_error=False) if asked else (), strict=True):
        at = instant(text(found)) if isinstance(found, bytes) else None
        ages[name] = max(ages[name], look.now - at if at else 0.0)
    look.sheet.put_all(OLDEST, ages)
