"""A recurring entry of rq-scheduler as it lies in Redis, read without running what it holds."""

from __future__ import annotations

import io
import json
import pickle
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import redis

from rqclock.aftercare.planned import is_recurring
from rqclock.jobs.serializer import PICKLE_PROTOCOL_MARK
from rqclock.store.replies import text

FIELDS = ("meta", "data", "description", "origin", "timeout")
NO_MORE_THAN = 1_000_000  # bytes of one field


class _Plain(pickle.Unpickler):
    """Makes texts, numbers, lists and dicts. Whatever else a pickle wants to make it must name, and is refused."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"{module}.{name} is not plain")


@dataclass(frozen=True)
class Entry:
    """`call` is (path, args, kwargs), None where it cannot be read; `next` an epoch second."""

    id: str
    meta: dict[str, Any]
    call: tuple[str, list[Any], dict[str, Any]] | None
    description: str
    queue: str
    timeout: str
    next: float = 0.0
    readable: bool = True


def read(connection: redis.Redis, prefixes: Iterable[str]) -> list[Entry]:
    """All recurring entries; rq-scheduler's own keys begin with `rq` whatever the prefix. Raises redis.RedisError."""
    found = []
    for prefix in dict.fromkeys(prefixes):
        planned: Any = connection.zrange(f"{prefix}:scheduler:scheduled_jobs", 0, -1, withscores=True)
        pipeline = connection.pipeline(transaction=False)
        for job_id, _ in planned:
            pipeline.hmget(f"{prefix}:job:{text(job_id)}", *FIELDS)
        answers = pipeline.execute(raise_on_error=False) if planned else []
        for (job_id, score), values in zip(planned, answers, strict=True):
            if isinstance(values, list) and values[0] and is_recurring(values[0]):
                found.append(_entry(text(job_id), values, score))
    return found


def _entry(job_id: str, values: list[bytes | None], score: float) -> Entry:
    meta, data, description, origin, timeout = values
    told = plain(meta)
    return Entry(
        _line(job_id),
        told if isinstance(told, dict) else {},
        _call(plain(_unpacked(data))),
        _line(text(description)) if description else "",
        _line(text(origin)) if origin else "default",
        _line(text(timeout)) if timeout else "",
        float(score),
        readable=isinstance(told, dict),
    )


def _line(told: str) -> str:
    """On one line: these go into comments of a file, and what follows a line's end there would be code."""
    return " ".join(told.split())


def _unpacked(data: bytes | None) -> bytes | None:
    try:
        return zlib.decompressobj().decompress(data, NO_MORE_THAN) if data else None
    except zlib.error:
        return data


def plain(data: bytes | None) -> Any:
    """What JSON or a pickle of plain values says, None for anything else."""
    if not data or len(data) > NO_MORE_THAN:
        return None
    try:
        return _Plain(io.BytesIO(data)).load() if data[:1] == PICKLE_PROTOCOL_MARK else json.loads(data)
    except Exception:  # pickle raises a different class for each way to be broken
        return None


def _call(told: Any) -> tuple[str, list[Any], dict[str, Any]] | None:
    """RQ keeps a call as function, instance, arguments."""
    if not isinstance(told, list | tuple) or len(told) != 4:
        return None
    path, instance, args, kwargs = told
    if not isinstance(path, str) or not re.fullmatch(r"[\w.]+", path):
        return None
    if instance is not None or not isinstance(kwargs, dict):
        return None
    return path, list(args or ()), kwargs
