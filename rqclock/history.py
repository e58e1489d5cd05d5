"""What became of a schedule's runs: the ledger, joined with what RQ still knows of the jobs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import redis

from rqclock import rq_records
from rqclock.keys import Keys
from rqclock.replies import text
from rqclock.rq_records import Record
from rqclock.schedules import Schedule
from rqclock.ticks import local


@dataclass(frozen=True)
class Run:
    """One run of a schedule, or one that was not to be. Epoch seconds; `lateness` and `duration` in seconds."""

    tick: int
    decision: str
    reason: str | None = None
    job_id: str | None = None
    status: str | None = None
    started_at: float | None = None
    finished_at: float | None = None
    worker: str | None = None
    error: str | None = None
    lateness: float | None = None

    @property
    def duration(self) -> float | None:
        """How long the job ran."""
        if self.started_at is None or self.finished_at is None:
            return None
        return max(0.0, self.finished_at - self.started_at)


def read_history(connection: redis.Redis, keys: Keys, schedule: Schedule, limit: int) -> list[Run]:
    """The schedule's last runs, newest first, at most `limit`. Raises redis.RedisError."""
    return read_histories(connection, keys, [schedule], limit)[0]


def read_histories(connection: redis.Redis, keys: Keys, schedules: Sequence[Schedule], limit: int) -> list[list[Run]]:
    """The same for many schedules in five round trips."""
    pipeline = connection.pipeline(transaction=False)
    for schedule in schedules:
        pipeline.zrevrange(keys.of("index", schedule.slug), 0, limit - 1)
    fields = [list(found) for found in pipeline.execute()]
    rows = _fetch(connection, [keys.of("ledger", s.slug) for s in schedules], fields)
    outcomes = _fetch(connection, [keys.of("outcomes", s.slug) for s in schedules], fields)
    found = [
        list(_runs(keys, schedule, zip(names, ledger, ends, strict=True), limit))
        for schedule, names, ledger, ends in zip(schedules, fields, rows, outcomes, strict=True)
    ]
    return _with_records(connection, keys, found)


def _fetch(connection: redis.Redis, keys: list[str], fields: list[list[bytes]]) -> list[list[dict[str, Any] | None]]:
    asked = [(key, names) for key, names in zip(keys, fields, strict=True) if names]
    pipeline = connection.pipeline(transaction=False)
    for key, names in asked:
        pipeline.hmget(key, names)
    answers = iter(pipeline.execute() if asked else [])
    return [[json.loads(text(row)) if row else None for row in next(answers)] if names else [] for names in fields]


def _runs(keys: Keys, schedule: Schedule, found: Any, limit: int) -> Iterator[Run]:
    count = 0
    for name, row, outcome in found:
        if row is None:
            continue
        for run in _expand(keys, schedule, name.decode(), row, limit - count):
            yield _ended(run, outcome) if outcome else run
            count += 1
        if count >= limit:
            return


def _expand(keys: Keys, schedule: Schedule, name: str, row: Mapping[str, Any], limit: int) -> Iterator[Run]:
    """The runs of one row of the ledger: one, or those of a gap, newest first."""
    at, _, token = name.partition("r")
    tick = int(at)
    run = Run(tick, row["is"], reason(row, schedule.timezone))
    if "from" in row:
        yield from (replace(run, tick=tick) for tick in _last_ticks(schedule, row["from"], tick, limit) or [tick])
    elif row["is"] == "enqueued":
        late = None if token else max(0.0, row["at"] / 1000 - tick)
        yield replace(run, job_id=keys.job_id(schedule.slug, tick, token or None), lateness=late)
    else:
        yield replace(run, job_id=row.get("job"))


def _last_ticks(schedule: Schedule, first: int, last: int, limit: int) -> list[int]:
    """The last ticks of a gap, newest first. A gap may hold millions: only as much of its end is walked as it takes."""
    span = limit * (schedule.trigger.period if schedule.trigger else 1)
    while True:
        start = max(first, last - span)
        ticks = list(schedule.between(start - 1, last))
        if len(ticks) >= limit or start == first:
            return ticks[::-1][:limit]
        span *= 4


def _ended(run: Run, outcome: Mapping[str, Any]) -> Run:
    return replace(
        run,
        status=outcome["status"],
        started_at=outcome.get("started"),
        finished_at=outcome.get("ended"),
        worker=outcome.get("worker"),
        error=outcome.get("error"),
    )


def _with_records(connection: redis.Redis, keys: Keys, histories: list[list[Run]]) -> list[list[Run]]:
    """The same runs, those without an outcome as RQ has them now."""
    open_ = [run.job_id for runs in histories for run in runs if _is_open(run) and run.job_id]
    records = dict(zip(open_, rq_records.read(connection, keys, open_), strict=True))
    return [[_now(run, records) if _is_open(run) else run for run in runs] for runs in histories]


def _is_open(run: Run) -> bool:
    return run.decision == "enqueued" and run.status is None


def _now(run: Run, records: Mapping[str, Record | None]) -> Run:
    record = records.get(run.job_id or "")
    if record is None:
        return replace(run, status="unknown")
    ended = record.finished_at if record.ended else None
    return replace(
        run,
        status=record.status,
        started_at=record.started_at,
        finished_at=ended,
        worker=record.worker,
        error=record.error,
    )


def reason(row: Mapping[str, Any], timezone: str) -> str | None:
    """Why it was decided so, in words; times in the schedule's zone."""
    why, refired = row.get("why"), "decided again: Redis had lost the first one" if row.get("refired") else None
    if why in ("down", "late", "window"):
        why = {"down": "", "late": "caught up: ", "window": "outside the catch-up window: "}[why] + _outage(
            row, timezone
        )
    return "; ".join(part for part in (why, refired) if part) or None


def _outage(row: Mapping[str, Any], timezone: str) -> str:
    """Why nothing was queued then, and from when to when."""
    cause, down = row.get("cause", "clock was down"), row.get("down")
    return f"{cause} {_clock(down[0], timezone)} to {_clock(down[1], timezone)}" if down else cause


def _clock(instant: int, timezone: str) -> str:
    return local(instant, timezone).strftime("%d %b %H:%M:%S").lstrip("0")
