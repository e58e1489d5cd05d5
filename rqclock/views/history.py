"""What became of a schedule's runs: the ledger, joined with what RQ still knows of the jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import redis

from rqclock.aftercare.outcomes import attempts, read_retried
from rqclock.store import rq_records
from rqclock.store.keys import Keys
from rqclock.store.rows import Row
from rqclock.store.rq_records import Record
from rqclock.store.ticks import local
from rqclock.timetable.schedules import Schedule
from rqclock.views import records
from rqclock.views.records import Ending, Recorded


@dataclass(frozen=True)
class Run:
    """One run of a schedule, or one that was not to be. Epoch seconds; `lateness` and `duration` in seconds.

    `backfilled_from` is the decision on this tick before a person had it queued after all. `attempt` counts from 1,
    `of` is how many its retries allow; `attempts` says of each earlier one: `attempt`, `is` ("retried": it raised;
    "lost": its worker died; "failed", "abandoned", "stopped": for good, and a person had it run again), `started`,
    `ended`, `at`, `worker`, `why`, as far as known. `next_at` is when the next one is due.
    """

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
    backfilled_from: str | None = None
    attempt: int = 1
    of: int | None = None
    attempts: tuple[dict[str, Any], ...] = ()
    next_at: float | None = None

    @property
    def nth(self) -> str:
        """`attempt 2 of 4`; those that were lost with their worker are made up for."""
        lost = sum(one.get("is") == "lost" for one in self.attempts)
        return f"attempt {self.attempt}" + (f" of {self.of + lost}" if self.of else "")

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
    """The same for many schedules, in at most eight round trips."""
    found = records.read(connection, keys, [schedule.slug for schedule in schedules], limit)
    runs = [_runs(keys, schedule, pairs, limit) for schedule, pairs in zip(schedules, found, strict=True)]
    return _with_records(connection, keys, runs)


def runs_of(connection: redis.Redis, keys: Keys, schedule: Schedule, rows: Sequence[Row]) -> list[Run]:
    """The runs of these rows, each that of the row's own tick. Raises redis.RedisError."""
    ends = records.endings(connection, keys, schedule.slug, rows)
    runs = [_ended(_run(keys, schedule, row), end) for row, end in zip(rows, ends, strict=True)]
    return _with_records(connection, keys, [runs])[0]


def _runs(keys: Keys, schedule: Schedule, rows: Sequence[Recorded], limit: int) -> list[Run]:
    """The runs of these rows, newest first; a tick of a gap that has a row of its own comes once."""
    single = [(row, outcome) for row, outcome in rows if "from" not in row.values]
    own = {row.tick for row, _ in single if row.token is None}
    gaps = [run for row, _ in rows for run in _gap_runs(schedule, row, limit) if run.tick not in own]
    runs = [_ended(_run(keys, schedule, row), outcome) for row, outcome in single]
    return sorted(runs + gaps, key=lambda run: -run.tick)[:limit]


def _gap_runs(schedule: Schedule, row: Row, limit: int) -> Iterator[Run]:
    """The last runs of a row's gap, if it has one."""
    if row.gap is not None:
        run = Run(row.tick, row.gap["is"], reason(row.gap, schedule.timezone))
        ticks = last_ticks(schedule, row.gap["from"], row.tick, limit)
        yield from (replace(run, tick=tick) for tick in ticks or [row.tick])


def _run(keys: Keys, schedule: Schedule, row: Row) -> Run:
    """The run of a row's own tick."""
    before = row.backfilled_from
    run = Run(row.tick, row.decision, reason(row.values, schedule.timezone))
    if row.decision != "enqueued":
        return replace(run, job_id=row.values.get("job"))
    at = None if row.token or before else row.values.get("at")
    late = None if at is None else max(0.0, at / 1000 - row.tick)
    job_id = keys.job_id(row.slug or schedule.slug, row.tick, row.token)
    return replace(run, job_id=job_id, lateness=late, backfilled_from=before["is"] if before else None)


def last_ticks(schedule: Schedule, first: int, last: int, limit: int) -> list[int]:
    """The last ticks of a gap, newest first. A gap may hold millions: only as much of its end is walked as it takes."""
    span = limit * (schedule.trigger.period if schedule.trigger else 1)
    while True:
        start = max(first, last - span)
        ticks = list(schedule.between(start - 1, last))
        if len(ticks) >= limit or start == first:
            return ticks[::-1][:limit]
        span *= 4


def _ended(run: Run, outcome: Ending | None) -> Run:
    if outcome is None:
        return run
    return replace(
        run,
        status=outcome["status"],
        started_at=outcome.get("started"),
        finished_at=outcome.get("ended"),
        worker=outcome.get("worker"),
        error=outcome.get("error"),
        attempt=outcome.get("attempt", 1),
        of=outcome.get("of"),
        attempts=tuple(outcome.get("attempts", ())),
    )


def _with_records(connection: redis.Redis, keys: Keys, histories: list[list[Run]]) -> list[list[Run]]:
    """The same runs, those without an outcome as RQ has them now."""
    open_ = [run.job_id for runs in histories for run in runs if _is_open(run) and run.job_id]
    records = dict(zip(open_, rq_records.read(connection, keys, open_), strict=True))
    again = [job_id for job_id, record in records.items() if record and record.attempt > 1]
    retried = dict(zip(again, read_retried(connection, keys, again), strict=True))
    return [[_now(run, records, retried) if _is_open(run) else run for run in runs] for runs in histories]


def _is_open(run: Run) -> bool:
    return run.decision == "enqueued" and run.status is None


def _now(run: Run, records: Mapping[str, Record | None], retried: Mapping[str, list[dict[str, Any]]]) -> Run:
    record = records.get(run.job_id or "")
    if record is None:
        return replace(run, status="unknown")
    ended = record.finished_at if record.ended else None
    return replace(
        run,
        status="abandoned" if record.abandoned else record.status,
        started_at=record.started_at,
        finished_at=ended,
        worker=record.worker,
        error=record.error,
        attempt=record.attempt,
        of=record.of,
        attempts=tuple(attempts(record, retried.get(run.job_id or "", []))),
        next_at=record.next_at,
    )


def reason(row: Mapping[str, Any], timezone: str) -> str | None:
    """Why it was decided so, in words; times in the schedule's zone."""
    why, refired = row.get("why"), "decided again: Redis had lost the first one" if row.get("refired") else None
    if why in ("down", "late", "window"):
        why = {"down": "", "late": "caught up: ", "window": "outside the catch-up window: "}[why] + _outage(
            row, timezone
        )
    return "; ".join(part for part in (why, refired, _before(row, timezone)) if part) or None


def _before(row: Mapping[str, Any], timezone: str) -> str | None:
    """What was decided before a backfill."""
    before = row.get("backfilled_from")
    if before is None:
        return None
    return "it had been " + ": ".join(part for part in (before["is"], reason(before, timezone)) if part)


def _outage(row: Mapping[str, Any], timezone: str) -> str:
    """Why nothing was queued then, and from when to when."""
    cause, down = row.get("cause", "clock was down"), row.get("down")
    return f"{cause} {_clock(down[0], timezone)} to {_clock(down[1], timezone)}" if down else cause


def _clock(instant: int, timezone: str) -> str:
    return local(instant, timezone).strftime("%d %b %H:%M:%S").lstrip("0")
