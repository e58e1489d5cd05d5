"""Backfill: past runs that were not queued are queued after all, each at most once, because a person asked for it."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import redis

from rqclock.acts.activity import By, Entry, announce
from rqclock.errors import RqclockError
from rqclock.store.keys import Keys
from rqclock.store.ledger import rq_stamp, slices
from rqclock.store.replies import text
from rqclock.store.rows import CHUNK, UNREADABLE, Gaps, Row, Rows
from rqclock.store.scripts import Scripts
from rqclock.store.server_now import Now, asking
from rqclock.store.ticks import field as field_of
from rqclock.store.ticks import iso
from rqclock.store.versions import read_versions, ticks
from rqclock.timetable.schedules import Schedule

BATCH = 50
ABOUT_THE_GAP = ("from", "n")


@dataclass(frozen=True)
class Order:
    """What a person asks for: the runs from `start` on, before `end` (epoch seconds).

    `again` also runs those once more that were queued then, under an id of their own.
    """

    schedule: Schedule
    start: int
    end: int
    by: By
    again: bool = False


@dataclass(frozen=True)
class Candidate:
    """A past run. `row` is its row, else `gap` the one that spans it; `was` says in a word what was decided.

    `refusal` says why it is not to be queued; None when it is.
    """

    tick: int
    row: Row | None
    gap: Row | None
    was: str
    refusal: str | None = None


@dataclass(frozen=True)
class Result:
    """What became of a candidate: enqueued (under `job_id`), left as it was (`refusal`), changed, or duplicate."""

    candidate: Candidate
    outcome: str
    job_id: str | None = None


@dataclass
class Pace:
    """At most `rate` a second, None as fast as can be. Counted from the first, so that it does not drift."""

    rate: float | None = None
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _began: float | None = field(default=None, init=False)
    _done: int = field(default=0, init=False)

    @property
    def batch(self) -> int:
        """How many to take at once."""
        return BATCH if self.rate is None else max(1, min(BATCH, int(self.rate)))

    def wait(self, count: int) -> None:
        """Wait until the next `count` may go."""
        self._began = self.monotonic() if self._began is None else self._began
        if self.rate is not None:
            self.sleep(max(0.0, self._began + self._done / self.rate - self.monotonic()))
        self._done += count


class Backfill:
    """One backfill of one schedule."""

    def __init__(self, connection: redis.Redis, keys: Keys, order: Order, now: Now | None = None) -> None:
        self._connection = connection
        self._keys = keys
        self._order = order
        self._now = asking(connection, keys, now)
        self._slug = order.schedule.slug
        self._token = secrets.token_hex(4)
        self._scripts = Scripts(connection)
        self._recorded = False

    def began(self) -> int | None:
        """When the first definition that is known began to hold, None where there is none. Raises redis.RedisError."""
        versions = read_versions(self._connection, self._keys, self._slug)
        return versions[0].began if versions else None

    def plan(self) -> Iterator[Candidate]:
        """Every run of the span, with what would be done. Raises redis.RedisError."""
        versions = read_versions(self._connection, self._keys, self._slug)
        rows = Rows(self._connection, self._keys, self._slug)
        cursor, gaps = rows.cursor(), Gaps(rows)
        due = ticks(versions, self._order.start - 1, min(self._order.end - 1, int(self._now())))
        for part in slices(due, CHUNK):
            for tick, row in zip(part, rows.of(part), strict=True):
                yield self._candidate(tick, row, gaps, cursor)

    def _candidate(self, tick: int, row: Row | None, gaps: Gaps, cursor: int) -> Candidate:
        if tick > cursor:
            return Candidate(tick, None, None, "undecided", "not decided yet: the clock has it before it")
        gap = gaps.covering(tick) if row is None else None
        was = row.decision if row else str(gap.gap["is"]) if gap and gap.gap else "unrecorded"
        return Candidate(tick, row, gap, was, self._refusal(was))

    def _refusal(self, was: str) -> str | None:
        if was == "enqueued":
            return None if self._order.again else "queued already: --again runs it once more"
        if was in ("unrecorded", UNREADABLE):
            return "nothing is recorded of it (any more), so nobody can tell whether it ran: see rqclock why"
        return None

    def run(self, pace: Pace, *, planned: int | None = None) -> Iterator[Result]:
        """Do it. `planned` is the number that the activity shows. What was written stays written when it is cut short.

        Raises RqclockError when the schedule is in no timetable in force or a key is broken, redis.RedisError.
        """
        for part in slices(self.plan(), CHUNK):
            yield from (Result(one, "left") for one in part if one.refusal)
            for batch in slices((one for one in part if not one.refusal), pace.batch):
                pace.wait(len(batch))
                yield from self._send(batch, planned)

    def _send(self, batch: Sequence[Candidate], planned: int | None) -> Iterator[Result]:
        schedule, options = self._order.schedule, self._order.schedule.target.options
        now = self._now()
        entry = self._entry(planned)
        runs = [self._run(candidate, int(now * 1000)) for candidate in batch]
        place, *outcomes = self._call(
            self._slug, int(now * 1000), rq_stamp(now), options.queue,
            options.ttl or "", "skip" if schedule.policies.overlap == "skip" else "",
            "" if self._recorded else entry.packed(), json.dumps(runs, ensure_ascii=False),
        )  # fmt: skip
        if place:
            self._recorded = True
            announce(entry)
        for candidate, run, outcome in zip(batch, runs, outcomes, strict=True):
            yield Result(candidate, text(outcome), run[5] if outcome == b"enqueued" else None)

    def _call(self, *arguments: Any) -> list[bytes]:
        answer, *rest = self._scripts.call("backfill", self._keys.root, self._keys.prefix, *arguments)
        if answer == b"unknown":
            raise RqclockError(f"{self._order.schedule.name!r} is in no timetable in force: there is no job to queue")
        if answer == b"wrong type":
            raise RqclockError(f"the Redis key {text(rest[0])} holds something else: rename or delete it")
        return list(rest)

    def _run(self, candidate: Candidate, now: int) -> list[str]:
        """The candidate as `backfill.lua` takes it."""
        tick, row, gap, by = candidate.tick, candidate.row, candidate.gap, self._order.by
        token = self._token if candidate.was == "enqueued" else None
        done = "run again" if token else "backfilled"
        values: dict[str, Any] = {"is": "enqueued", "at": now, "why": by.words(done), "by": by.who}
        values |= {} if token else {"backfilled_from": _before(candidate)}
        return [
            str(tick),
            field_of(tick, token),
            row.raw if row and not token else "",
            gap.field if gap else "",
            gap.raw if gap else "",
            self._keys.job_id(self._slug, tick, token),
            json.dumps(values, ensure_ascii=False, separators=(",", ":")),
        ]

    def _entry(self, planned: int | None) -> Entry:
        order = self._order
        detail: dict[str, Any] = {"from": iso(order.start), "to": iso(order.end), "runs": planned}
        detail |= {"again": True} if order.again else {}
        return Entry.of("backfilled", order.by, schedule=order.schedule.name, detail=detail)


def _before(candidate: Candidate) -> dict[str, Any]:
    """What the new row remembers: the row in its place, which may be that of a gap; or where its gap's row is."""
    if candidate.row is not None:
        return dict(candidate.row.values)
    assert candidate.gap is not None and candidate.gap.gap is not None
    return {name: value for name, value in candidate.gap.gap.items() if name not in ABOUT_THE_GAP}
