"""The rows of a schedule's ledger as they lie in Redis: by tick, in order of time, and those that span a gap."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any

import redis

from rqclock.store.keys import Keys
from rqclock.store.replies import number, text
from rqclock.store.ticks import read_field

CHUNK = 500
UNREADABLE = "unreadable"
FIELD = re.compile(r"\d+(r.+)?")
PAIR = (0, 0)
SHAPES: Mapping[str, Any] = {
    "is": str, "at": (int, float), "why": str, "from": int, "n": (int, NoneType), "down": list, "cause": str,
    "job": str, "slug": str, "backfilled_from": dict,
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One row. `token` is set for a run that a person asked for beside the timetable; `raw` is the row's text."""

    field: str
    tick: int
    token: str | None
    values: Mapping[str, Any]
    raw: str

    @property
    def decision(self) -> str:
        return str(self.values["is"])

    @property
    def slug(self) -> str | None:
        """The name that its job's id is made of, if that is not the schedule's of today."""
        return self.values.get("slug")

    @property
    def backfilled_from(self) -> Mapping[str, Any] | None:
        """The decision that stood here before a person had the tick queued after all."""
        return self.values.get("backfilled_from")

    @property
    def gap(self) -> Mapping[str, Any] | None:
        """The decision on all ticks from its `from` to this one: this row, or what it was before its backfill."""
        if "from" in self.values:
            return self.values
        before = self.backfilled_from
        return before if before and "from" in before else None

    def covers(self, tick: int) -> bool:
        """Whether this row's gap holds that tick."""
        return self.gap is not None and int(self.gap["from"]) <= tick <= self.tick

    @property
    def is_step(self) -> bool:
        """Whether it is a step of the cursor, and not something that a person added."""
        return self.token is None and (self.backfilled_from is None or self.gap is not None)


def read_row(field: str, raw: str) -> Row:
    """The row under a field of the ledger; one that is no JSON object with a decision is `unreadable`."""
    try:
        values = json.loads(raw)
    except (ValueError, RecursionError):
        values = None
    if not _is_ours(values):
        values = {"is": UNREADABLE, "why": raw[:100]}
    tick, token = read_field(field)
    return Row(field, tick, token, values, raw)


def _is_ours(values: Any) -> bool:
    if not isinstance(values, dict) or "is" not in values:
        return False
    as_written = all(isinstance(value, SHAPES.get(name, object)) for name, value in values.items())
    before = values.get("backfilled_from")
    return as_written and len(values.get("down", PAIR)) == len(PAIR) and (before is None or _is_ours(before))


def is_field(name: str) -> bool:
    """Whether rqclock may have written a row under this name."""
    return FIELD.fullmatch(name) is not None


class Rows:
    """The rows of one schedule."""

    def __init__(self, connection: redis.Redis, keys: Keys, slug: str) -> None:
        self._connection = connection
        self._slug = slug
        self._cursors = keys.named("cursors")
        self._ledger = keys.of("ledger", slug)
        self._index = keys.of("index", slug)

    def of(self, fields: Sequence[int | str]) -> list[Row | None]:
        """The rows under these ticks or fields. Raises redis.RedisError."""
        names = [str(field) for field in fields]
        found = self._connection.hmget(self._ledger, names) if names else []
        return [read_row(name, text(raw)) if raw is not None else None for name, raw in zip(names, found, strict=True)]

    def between(self, start: int, end: float = float("inf")) -> Iterator[Row]:
        """The rows later than `start` and not later than `end`, by time. Raises redis.RedisError."""
        for piece in self.pieces(start, end):
            yield from piece

    def pieces(self, start: int, end: float = float("inf")) -> Iterator[list[Row]]:
        """The same rows, some hundreds at once."""
        for fields in self._fields(start, end):
            yield [row for row in self.of(fields) if row is not None]

    def cursor(self) -> int:
        """The last decided tick, 0 if none is known."""
        found = self._connection.hget(self._cursors, self._slug)
        return number(found, where=f"the cursor of {self._slug} in the Redis key {self._cursors}") or 0

    def indexed(self, field: str) -> bool:
        """Whether the row under this field is found by time too."""
        return self._connection.zscore(self._index, field) is not None

    def _fields(self, start: int, end: float) -> Iterator[list[str]]:
        """The fields in the index, in pieces. Runs asked for within one second share their place, so each piece
        begins at the last second of the one before, less what was seen of it."""
        lowest, seen, count = f"({start}", set[str](), CHUNK
        while True:
            found: Any = self._connection.zrange(
                self._index, lowest, end, byscore=True, offset=0, num=count, withscores=True
            )
            fresh = [name for field, _ in found if (name := text(field)) not in seen and is_field(name)]
            if fresh:
                yield fresh
            if len(found) < count:
                return
            last = found[-1][1]
            seen = {text(field) for field, score in found if score == last}
            lowest, count = repr(last), max(CHUNK, 2 * len(seen))


class Gaps:
    """Finds the row whose gap holds a tick. Asked in order of time, it remembers its answer."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._answer: Row | None = None
        self._from, self._to = 0, -1

    def covering(self, tick: int) -> Row | None:
        """The row, None when the tick is in no gap. Raises redis.RedisError."""
        if not self._from <= tick <= self._to:
            self._answer, self._to = self._find(tick)
            self._from = tick
        return self._answer

    def _find(self, tick: int) -> tuple[Row | None, int]:
        """The row, and the last tick for which this is the answer."""
        for row in self._rows.between(tick - 1):
            if row.covers(tick):
                return row, row.tick
            if row.gap is not None:
                return None, int(row.gap["from"]) - 1
            if row.is_step and row.tick > tick:
                return None, row.tick
        return None, tick
