"""What RQ keeps of a job, read as text: nothing is unpickled, nothing is trusted."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import redis
from redis.client import Pipeline

from rqclock.keys import Keys

FIELDS = ("status", "started_at", "ended_at", "worker_name")
ENDED = ("finished", "failed", "stopped", "canceled")
TRACEBACK = 200_000  # characters of a traceback that are read
PICKLE_WORKER = "this worker reads pickle; set RQ_JOB_CLASS=rqclock.Job or pass -S json"


@dataclass(frozen=True)
class Record:
    """A job as RQ has it now. Epoch seconds; `error` is the last line of its traceback."""

    status: str
    started_at: float | None
    finished_at: float | None
    worker: str | None
    error: str | None = None

    @property
    def ended(self) -> bool:
        """Whether RQ will do no more with it."""
        return self.status in ENDED


def read(connection: redis.Redis, keys: Keys, job_ids: Iterable[str]) -> list[Record | None]:
    """The records of the jobs, None for one that RQ has forgotten. Two round trips. Raises redis.RedisError."""
    ids = list(job_ids)
    pipeline = connection.pipeline(transaction=False)
    for job_id in ids:
        pipeline.hmget(keys.job(job_id), FIELDS)
    records = [_record(values) if values else None for values in _answers(pipeline)]
    broken = [n for n, record in enumerate(records) if record and record.status in ("failed", "stopped")]
    for n in broken:
        pipeline.xrevrange(keys.results(ids[n]), count=1)
    for n, stream in zip(broken, _answers(pipeline), strict=True):
        record = records[n]
        assert record is not None
        records[n] = Record(record.status, record.started_at, record.finished_at, record.worker, _error(stream))
    return records


def _answers(pipeline: Pipeline) -> list[Any]:
    """The answers, None for a key that holds something else: one broken job must not hide all others."""
    found = pipeline.execute(raise_on_error=False) if len(pipeline) else []
    for answer in found:
        if isinstance(answer, Exception) and not str(answer).startswith("WRONGTYPE"):
            raise answer
    return [None if isinstance(answer, Exception) else answer for answer in found]


def _record(values: list[bytes | None]) -> Record | None:
    status, started, ended, worker = (_text(value) for value in values)
    if not status:
        return None
    return Record(status, instant(started), instant(ended), worker or None)


def instant(text: str | None) -> float | None:
    """RQ's `2026-11-21T21:25:21.680895Z` in epoch seconds; None for anything else."""
    try:
        return datetime.strptime(text or "", "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _error(stream: list[tuple[bytes, dict[bytes, bytes]]] | None) -> str | None:
    if not stream:
        return None
    try:
        packed = base64.b64decode(stream[0][1].get(b"exc_string", b""))
        text = zlib.decompressobj().decompress(packed, TRACEBACK)  # a kilobyte can hold a gigabyte
    except (binascii.Error, zlib.error):
        return None
    line = error_line(text.decode(errors="replace"))
    return PICKLE_WORKER if "DeserializationError" in line else line or None


def error_line(error: str) -> str:
    """The line of a traceback that says what went wrong: the first one after its frames, for what follows it may be
    a long message of several lines.

    >>> error_line('Traceback (most recent call last):\\n  File "a.py"\\n    x()\\nOSError: no disk\\n(see the manual)')
    'OSError: no disk'
    """
    lines = [line for line in error.splitlines() if line.strip()]
    frames = [number for number, line in enumerate(lines) if line.startswith('  File "')]
    after = [line for line in lines[frames[-1] + 1 :] if not line[0].isspace()] if frames else []
    return (after or lines[-1:] or [""])[0].strip()[:500]


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode(errors="replace")
