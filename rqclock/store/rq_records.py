"""What RQ keeps of a job, read as text: nothing is unpickled, nothing is trusted."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import redis
from redis.client import Pipeline

from rqclock.jobs import attempts
from rqclock.jobs.decorator import MAX_ATTEMPTS
from rqclock.jobs.hidden import masked
from rqclock.store.keys import Keys

FIELDS = (
    "status", "started_at", "ended_at", "worker_name", *attempts.FIELDS, "max_attempts", "lost_story", "origin",
    "sensitive",
)  # fmt: skip
ENDED = ("finished", "failed", "stopped", "canceled")
TRACEBACK = 200_000  # characters of a traceback that are read
PICKLE_WORKER = "this worker reads pickle; set RQ_JOB_CLASS=rqclock.Job or pass -S json"

# How RQ words that a job failed because of its worker, not by itself. Every exception's line begins otherwise.
LOST = (
    "Work-horse terminated unexpectedly",
    "Moved to FailedJobRegistry, due to AbandonedJobError",
    "Job was stuck in intermediate queue",
)
OVERRAN = "waitpid returned None"  # RQ itself killed a work-horse that outlived its timeout by a minute
GIVEN_UP = "AbandonedJobError: "


@dataclass(frozen=True)
class Record:
    """A job as RQ has it now. Epoch seconds; `error` is the last line of its traceback.

    `attempt` counts from 1; `of` is how many attempts its retries allow, None where nobody said. `lost` is how often it
    was queued again because its worker had died, and `story` says of each when, and on which worker; `requeued` is how
    often a person had it run again after it had failed for good. `recorded_at` is
    when its failure was, by the server's time; `next_at` when a job that waits for its time is due;
    `sensitive` which of its arguments nobody may see.
    """

    status: str
    started_at: float | None
    finished_at: float | None
    worker: str | None
    error: str | None = None
    attempt: int = 1
    of: int | None = None
    lost: int = 0
    requeued: int = 0
    max_attempts: int = MAX_ATTEMPTS
    story: tuple[dict[str, Any], ...] = ()
    recorded_at: float | None = None
    queue: str = ""
    sensitive: str = ""
    next_at: float | None = None

    @property
    def ended(self) -> bool:
        """Whether RQ will do no more with it."""
        return self.status in ENDED

    @property
    def lost_its_worker(self) -> bool:
        """Whether RQ has failed it because of its worker."""
        error = self.error or ""
        return self.status == "failed" and error.startswith(LOST) and OVERRAN not in error

    @property
    def to_be_queued_again(self) -> bool:
        """Whether the reaper will have it run once more. RQ has failed it, so whatever retries it had are used up."""
        return self.lost_its_worker and self.attempt - self.requeued < self.max_attempts

    @property
    def abandoned(self) -> bool:
        """Whether it failed for good because its worker died each time."""
        gave_up = self.status == "failed" and (self.error or "").startswith(GIVEN_UP)
        return gave_up or (self.lost_its_worker and not self.to_be_queued_again)


def read(connection: redis.Redis, keys: Keys, job_ids: Iterable[str]) -> list[Record | None]:
    """The records of the jobs, None for one that RQ has forgotten. Three round trips. Raises redis.RedisError."""
    ids = list(job_ids)
    pipeline = connection.pipeline(transaction=False)
    for job_id in ids:
        pipeline.hmget(keys.job(job_id), FIELDS)
    records = [_record(values) if values else None for values in _answers(pipeline)]
    broken = [n for n, record in enumerate(records) if record and record.status in ("failed", "stopped")]
    later = [n for n, record in enumerate(records) if record and record.status == "scheduled"]
    for n in broken:
        pipeline.xrevrange(keys.results(ids[n]), count=1)
    for n in later:
        pipeline.zscore(f"{keys.prefix}:scheduled:{_there(records[n]).queue}", ids[n])
    answers = _answers(pipeline)
    for n, stream in zip(broken, answers, strict=False):
        records[n] = replace(_there(records[n]), error=_error(stream), recorded_at=_recorded_at(stream))
    for n, score in zip(later, answers[len(broken) :], strict=True):
        records[n] = replace(_there(records[n]), next_at=score)
    for n, data in _arguments(connection, keys, ids, records):
        record = _there(records[n])
        records[n] = replace(record, error=masked(record.error or "", sensitive=record.sensitive, data=data))
    return records


def _arguments(
    connection: redis.Redis, keys: Keys, ids: list[str], records: list[Record | None]
) -> Iterator[tuple[int, bytes | None]]:
    """Of those jobs whose error may hold a sensitive argument."""
    found = [n for n, record in enumerate(records) if record and record.sensitive and record.error]
    pipeline = connection.pipeline(transaction=False)
    for n in found:
        pipeline.hget(keys.job(ids[n]), "data")
    yield from zip(found, _answers(pipeline), strict=True)


def _there(record: Record | None) -> Record:
    assert record is not None
    return record


def _answers(pipeline: Pipeline) -> list[Any]:
    """The answers, None for a key that holds something else: one broken job must not hide all others."""
    found = pipeline.execute(raise_on_error=False) if len(pipeline) else []
    for answer in found:
        if isinstance(answer, Exception) and not str(answer).startswith("WRONGTYPE"):
            raise answer
    return [None if isinstance(answer, Exception) else answer for answer in found]


def _record(values: list[bytes | None]) -> Record | None:
    status, started, ended, worker, *counted, most, story, queue, sensitive = map(_text, values)
    if not status:
        return None
    most_tries, left, returned, lost, requeued = map(_number, counted)
    return Record(
        status,
        instant(started),
        instant(ended),
        worker or None,
        attempt=attempts.attempt(most_tries, left, returned, lost, requeued),
        of=most_tries + (requeued or 0) if most_tries else None,
        lost=lost or 0,
        requeued=requeued or 0,
        max_attempts=_number(most) or MAX_ATTEMPTS,
        story=tuple(_events(story)),
        queue=queue or "",
        sensitive=sensitive or "",
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None


def _events(story: str | None) -> Iterator[dict[str, Any]]:
    """The lines that `revive.lua` wrote; what somebody else wrote is left out."""
    for line in (story or "").splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict):
            yield event


def instant(text: str | None) -> float | None:
    """RQ's `2026-11-21T21:25:21.680895Z` in epoch seconds; None for anything else."""
    try:
        return datetime.strptime(text or "", "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _recorded_at(stream: Any) -> float | None:
    return int(stream[0][0].partition(b"-")[0]) / 1000 if stream else None


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
