"""How long the ledger keeps what: 30 days; of a busy schedule's older rows only those that deserve a look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import redis

from rqclock.store.keys import Keys
from rqclock.store.ledger import slices
from rqclock.store.replies import json_object, number, text, texts
from rqclock.store.rows import is_field, read_row
from rqclock.store.ticks import read_field
from rqclock.store.totals import Totals

DAY = 86_400
KEPT = 30 * DAY
ROWS = 50_000
CHUNK = 500
HOUR = 3600


class Retention:
    """Trims the ledger of one Clock. Each chunk is one transaction; a trim cut short goes on at the next."""

    def __init__(self, connection: redis.Redis, keys: Keys, *, rows: int = ROWS) -> None:
        self._connection = connection
        self._keys = keys
        self._rows = rows

    def step(self, now: float) -> None:
        """One pass over all schedules, those that left the timetable included. Raises redis.RedisError."""
        retired = texts(self._connection.hgetall(self._keys.named("retired")))
        known = {text(slug) for slug in self._connection.hkeys(self._keys.named("definitions"))}
        for slug in sorted(known | set(retired)):
            self._forget(slug, int(now) - KEPT)
            self._fold(slug)
        gone = [slug for slug, at in retired.items() if int(at) < now - KEPT]
        renamed = texts(self._connection.hgetall(self._keys.named("renamed")))  # what ends now counts for the new name
        Totals(self._connection, self._keys).forget([*gone, *renamed])

    def _forget(self, slug: str, before: int) -> None:
        index = self._keys.of("index", slug)
        old = self._connection.zrangebyscore(index, "-inf", f"({before}")
        for part in slices(self._closed(slug, old), CHUNK):
            self._drop(slug, part, Counter())
        hours = [
            hour
            for hour in self._connection.hkeys(self._keys.of("folded", slug))
            if (number(hour, where=f"an hour of {slug}") or 0) < before
        ]
        if hours:
            self._connection.hdel(self._keys.of("folded", slug), *hours)

    def _fold(self, slug: str) -> None:
        """Above so many rows, the oldest that ran well become a count for their hour; all others stay."""
        index = self._keys.of("index", slug)
        excess = self._connection.zcard(index) - self._rows
        oldest = self._connection.zrange(index, 0, excess - 1) if excess > 0 else []
        for part in slices(_parted(oldest)[0], CHUNK):
            well = self._ran_well(slug, part)
            self._drop(slug, well, Counter(read_field(text(name))[0] // HOUR * HOUR for name in well))

    def _closed(self, slug: str, names: Iterable[Any]) -> list[Any]:
        """Those whose job's end is recorded: an open row is never trimmed."""
        ours, strange = _parted(names)
        found = strange  # of nobody: out of the index with them
        for part in slices(ours, CHUNK):
            rows = self._connection.hmget(self._keys.of("ledger", slug), part)
            jobs = [self._job(slug, text(name), row) for name, row in zip(part, rows, strict=True)]
            scores = self._connection.zmscore(self._keys.named("open"), jobs)
            found += [name for name, score in zip(part, scores, strict=True) if score is None]
        return found

    def _job(self, slug: str, name: str, row: Any) -> str:
        tick, token = read_field(name)
        named = read_row(name, text(row)).slug if row else None
        return self._keys.job_id(named or slug, tick, token)

    def _ran_well(self, slug: str, names: list[Any]) -> list[Any]:
        rows = self._connection.hmget(self._keys.of("ledger", slug), names)
        ends = self._connection.hmget(self._keys.of("outcomes", slug), names)
        return [name for name, row, end in zip(names, rows, ends, strict=True) if row and end and _well(row, end)]

    def _drop(self, slug: str, names: list[Any], hours: Counter[int]) -> None:
        if not names:
            return
        pipeline = self._connection.pipeline()
        for hour, count in hours.items():
            pipeline.hincrby(self._keys.of("folded", slug), str(hour), count)
        pipeline.hdel(self._keys.of("ledger", slug), *names)
        pipeline.hdel(self._keys.of("outcomes", slug), *names)
        pipeline.hdel(self._keys.of("attempts", slug), *names)
        pipeline.zrem(self._keys.of("index", slug), *names)
        pipeline.execute()


def _parted(names: Iterable[Any]) -> tuple[list[Any], list[Any]]:
    """Those that name a run, and those that nobody of us has written."""
    parted: tuple[list[Any], list[Any]] = ([], [])
    for name in names:
        parted[not is_field(text(name))].append(name)
    return parted


def _well(row: Any, end: Any) -> bool:
    """Whether nothing about the run deserves a look: queued without a remark, by the timetable, and finished."""
    facts, ended = (json_object(value, where="an old row of the ledger") or {} for value in (row, end))
    return facts.get("is") == "enqueued" and "why" not in facts and ended.get("status") == "finished"
