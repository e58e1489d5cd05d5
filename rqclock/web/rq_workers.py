"""RQ's workers read as text. One whose record is broken is left out; it must not take the page of all others along."""

from __future__ import annotations

from dataclasses import dataclass

import redis
from rq.defaults import RQ_KEY_PREFIX
from rq.worker_registration import REDIS_WORKER_KEYS

PREFIX = f"{RQ_KEY_PREFIX}:worker:"
FIELDS = ("state", "queues", "version", "python_version")


@dataclass(frozen=True)
class WorkerFacts:
    """A worker; `job_id` is one of the jobs it has under way, None when it is idle."""

    name: str
    state: str
    queues: tuple[str, ...]
    version: str
    python: str
    job_id: str | None


def read_workers(connection: redis.Redis) -> list[WorkerFacts]:
    """The registered workers by name. Raises redis.RedisError."""
    keys = sorted(_text(key) for key in connection.smembers(REDIS_WORKER_KEYS))
    pipeline = connection.pipeline(transaction=False)
    for key in keys:
        pipeline.hmget(key, FIELDS)
        pipeline.srandmember(f"{key}:executions")
    replies = pipeline.execute(raise_on_error=False)
    return [
        _facts(key.removeprefix(PREFIX), values=values, execution=execution)
        for key, values, execution in zip(keys, replies[::2], replies[1::2], strict=True)
        if isinstance(values, list) and values[0]
    ]


def _facts(name: str, *, values: list[bytes | None], execution: object) -> WorkerFacts:
    state, queues, version, python = (_text(value or b"") for value in values)
    # RQ names an execution by the job's id, a colon and an id of its own.
    job_id = _text(execution).rpartition(":")[0] if isinstance(execution, bytes) else None
    return WorkerFacts(name, state, tuple(queues.split(",")) if queues else (), version, python, job_id)


def _text(value: bytes | str) -> str:
    """Whoever may write to Redis may write what is no text: it is shown as far as it is."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
