"""Where RQ keeps the ids of its jobs, by state: a list for what is queued, a sorted set for everything else."""

from __future__ import annotations

from typing import Any

import redis
from rq import Queue
from rq.registry import (
    BaseRegistry,
    CanceledJobRegistry,
    DeferredJobRegistry,
    FailedJobRegistry,
    FinishedJobRegistry,
    ScheduledJobRegistry,
    StartedJobRegistry,
)

REGISTRIES: dict[str, type[BaseRegistry]] = {
    "failed": FailedJobRegistry,
    "deferred": DeferredJobRegistry,
    "started": StartedJobRegistry,
    "finished": FinishedJobRegistry,
    "scheduled": ScheduledJobRegistry,
    "canceled": CanceledJobRegistry,
}


def job_ids(
    connection: redis.Redis, *, queue: str, state: str, span: tuple[int, int], newest_first: bool
) -> tuple[int, list[str]] | None:
    """How many jobs of the queue are in that state, and the ids in `span` (from, to: to is not in it), counted from
    whichever end is first; None for a state that there is not. Looking changes nothing. Raises redis.RedisError."""
    if state != "queued" and state not in REGISTRIES:
        return None
    read: Any = connection.zrange
    if state == "queued":
        key, read = Queue(queue, connection=connection).key, connection.lrange
        total = connection.llen(key)
    else:
        key = REGISTRIES[state](queue, connection=connection).key
        total = connection.zcard(key)
    first, end = (max(0, total - span[1]), total - span[0]) if newest_first else span
    ids = [_job_id(entry, state=state) for entry in read(key, first, end - 1)] if end > 0 else []
    return total, ids[::-1] if newest_first else ids


def _job_id(entry: bytes, *, state: str) -> str:
    """RQ names what is started by the job's id, a colon and an id of the attempt."""
    text = entry.decode("utf-8", "replace")
    return text.rpartition(":")[0] if state == "started" and ":" in text else text
