"""RQ's jobs read as the text that they are. Nothing here is ever unpickled, and no job can be too large to look at:
arguments are left in Redis, and of what was compressed only the beginning is unpacked."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

import redis
from rq.defaults import RQ_KEY_PREFIX
from rq.job import Job
from rq.results import Result

from rqclock.jobs.attempts import attempt
from rqclock.jobs.hidden import masked

SHOWN_DATA = 64 * 1024  # bytes; larger arguments are not even fetched
SHOWN_ERROR = 256 * 1024
SHOWN_TEXT = 2000
FIELDS = (
    "status",
    "origin",
    "description",
    "created_at",
    "enqueued_at",
    "started_at",
    "ended_at",
    "worker_name",
    "schedule",
    "sensitive",
    "attempts",
    "retries_left",
    "number_of_retries",
    "lost",
    "requeued",
    "timeout",
)


@dataclass(frozen=True)
class JobFacts:
    """What a page says of a job. Instants are epoch seconds; `function` is None where the job is not JSON.

    `of` is how many attempts there may be, `next_at` when a job that waits for its time is due; as far as known.
    """

    id: str
    status: str
    queue: str
    description: str
    function: str | None
    worker: str | None
    schedule: str | None
    created_at: float | None
    enqueued_at: float | None
    started_at: float | None
    ended_at: float | None
    error: str | None
    attempt: int = 1
    of: int | None = None
    timeout: int | None = None
    next_at: float | None = None

    @property
    def at(self) -> float | None:
        """When something last happened to it."""
        known = (self.ended_at, self.started_at, self.enqueued_at, self.created_at)
        return max((instant for instant in known if instant is not None), default=None)

    @property
    def took(self) -> float | None:
        """Seconds that it ran; None while it runs, and for what a retry has begun anew."""
        if self.started_at is None or self.ended_at is None or self.ended_at < self.started_at:
            return None
        return self.ended_at - self.started_at


def read_jobs(connection: redis.Redis, *, ids: list[str]) -> list[JobFacts]:
    """The jobs of these ids in this order, without those that are no longer there. Two round trips for all."""
    first = connection.pipeline(transaction=False)
    for id in ids:
        first.hstrlen(Job.key_for(id), "data")
    sizes = [size if isinstance(size, int) else 0 for size in first.execute(raise_on_error=False)]
    second = connection.pipeline(transaction=False)
    for id, size in zip(ids, sizes, strict=True):
        second.hmget(Job.key_for(id), *FIELDS, *(["data"] if size <= SHOWN_DATA else []))
        second.xrevrange(_results_key(id), count=1)
    replies = second.execute(raise_on_error=False)
    pairs = zip(ids, sizes, replies[::2], replies[1::2], strict=True)
    return [_facts(id, values=values, results=results) for id, size, values, results in pairs if size]


def read_job(connection: redis.Redis, *, id: str) -> JobFacts | None:
    """One job, with the time that it waits for."""
    found = read_jobs(connection, ids=[id])
    if not found or found[0].status != "scheduled":
        return found[0] if found else None
    pipeline = connection.pipeline(transaction=False)
    for registry in (f"scheduled:{found[0].queue}", "scheduler:scheduled_jobs"):
        pipeline.zscore(f"{RQ_KEY_PREFIX}:{registry}", id)
    due = [score for score in pipeline.execute(raise_on_error=False) if isinstance(score, float)]
    return replace(found[0], next_at=due[0] if due else None)


def _results_key(id: str) -> str:
    return str(Result.get_key(id))  # type: ignore[no-untyped-call]


def _facts(id: str, *, values: list[bytes | None], results: Any) -> JobFacts:
    told = [_text(value) for value in values[: len(FIELDS)]]
    status, queue, description, created, enqueued, started, ended, worker, schedule, sensitive, *numbers = told
    attempts, left, returned, lost, requeued, timeout = (int(text) if text.isdecimal() else None for text in numbers)
    error, data = _error(results), (*values[len(FIELDS) :], None)[0]
    return JobFacts(
        id=id,
        status=status or "unknown",
        queue=queue,
        description=description,
        function=_function(*values[len(FIELDS) :]),
        worker=worker or _worker(results),
        schedule=schedule or None,
        created_at=_instant(created),
        enqueued_at=_instant(enqueued),
        started_at=_instant(started),
        ended_at=_instant(ended),
        error=masked(error, sensitive=sensitive, data=data) if error else None,
        attempt=attempt(attempts, left, returned, lost, requeued),
        of=attempts + (lost or 0) + (requeued or 0) if attempts else None,
        timeout=timeout,
    )


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")[:SHOWN_TEXT]


def _function(data: bytes | None = None) -> str | None:
    """The first of the four things in a JSON job. Only that text is decoded, whatever follows it."""
    try:
        start = _unpack(data or b"", most=SHOWN_DATA).decode("utf-8", "replace").lstrip()
        name, _ = json.JSONDecoder().raw_decode(start[1:].lstrip()) if start[:1] == "[" else (None, 0)
    except (ValueError, zlib.error, RecursionError):
        return None
    return name[:SHOWN_TEXT] if isinstance(name, str) else None


def _unpack(data: bytes, *, most: int) -> bytes:
    """At most so many bytes of what zlib packed: a kilobyte can hold a gigabyte."""
    return zlib.decompressobj().decompress(data, most)


Arguments = tuple[list[Any], dict[str, Any], dict[str, Any]]


def read_arguments(connection: redis.Redis, *, id: str) -> Arguments | None:
    """A JSON job's positional and named arguments, and which of them it calls sensitive; None where they are too
    large, not JSON, or gone."""
    key = Job.key_for(id)
    if not 0 < connection.hstrlen(key, "data") <= SHOWN_DATA:
        return None
    data, sensitive = cast("list[bytes | None]", connection.hmget(key, "data", "sensitive"))
    try:
        _, _, args, kwargs = json.loads(_unpack(data or b"", most=SHOWN_ERROR))
        said = json.loads(sensitive or b"{}")
    except (ValueError, TypeError, zlib.error, RecursionError):
        return None
    kinds = zip((args, kwargs, said), (list, dict, dict), strict=True)
    return (args, kwargs, said) if all(isinstance(value, kind) for value, kind in kinds) else None


def _result_field(results: Any, *, name: bytes) -> bytes | None:
    """A field of the newest entry of a job's results, if that stream is one."""
    if not isinstance(results, list) or not results:
        return None
    return cast("dict[bytes, bytes]", results[0][1]).get(name)


def _worker(results: Any) -> str | None:
    return _text(_result_field(results, name=b"worker_name")) or None


def _error(results: Any) -> str | None:
    packed = _result_field(results, name=b"exc_string")
    if not packed:
        return None
    try:
        return _unpack(base64.b64decode(packed), most=SHOWN_ERROR).decode("utf-8", "replace")
    except (binascii.Error, ValueError, zlib.error):
        return "(the error cannot be read)"


def _instant(text: str) -> float | None:
    """RQ writes UTC with a Z, with or without fractions."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
