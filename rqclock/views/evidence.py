"""Whether the jobs of ledger rows are where they must be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import redis

from rqclock.store.keys import Keys
from rqclock.store.rows import UNREADABLE, Row
from rqclock.views.findings import Finding

DUPLICATE = "duplicate id"


class Evidence:
    """What Redis knows of the jobs of one schedule's rows."""

    def __init__(self, connection: redis.Redis, keys: Keys, slug: str, name: str) -> None:
        self._connection = connection
        self._keys = keys
        self._slug = slug
        self._name = name

    def findings(self, rows: Sequence[Row]) -> Iterator[Finding]:
        """A queued run whose job is known nowhere, and a job of a run that was not queued. Raises redis.RedisError."""
        for row in self._unknown([row for row in rows if row.decision == "enqueued"]):
            yield self._finding(row, f"it is recorded as queued, and its job {self._job(row)} is known nowhere")
        for row in self._with_job([row for row in rows if _has_no_job(row)]):
            yield self._finding(row, f"it is recorded as {row.decision}, and there is a job {self._job(row)}")

    def _unknown(self, rows: list[Row]) -> list[Row]:
        """Those without an outcome that are not open either: one of both is written with the row and stays."""
        unended = self._without_outcome(rows)
        if not unended:
            return []
        scores = self._connection.zmscore(self._keys.named("open"), [self._job(row) for row in unended])
        closed = [row for row, score in zip(unended, scores, strict=True) if score is None]
        return self._without_outcome(closed)  # asked again: it may have ended between the two questions

    def _without_outcome(self, rows: list[Row]) -> list[Row]:
        if not rows:
            return []
        found = self._connection.hmget(self._keys.of("outcomes", self._slug), [row.field for row in rows])
        return [
            row
            for row, outcome in zip(rows, found, strict=True)
            if outcome is None and not (row.slug and self._ended_as(row.slug, row))
        ]

    def _ended_as(self, slug: str, row: Row) -> bool:
        """A job whose name another schedule has got since is taken for one of that one's."""
        return bool(self._connection.hexists(self._keys.of("outcomes", slug), row.field))

    def _with_job(self, rows: list[Row]) -> list[Row]:
        pipeline = self._connection.pipeline(transaction=False)
        for row in rows:
            pipeline.exists(self._keys.job(self._job(row)))
        answers: list[Any] = pipeline.execute() if rows else []
        return [row for row, exists in zip(rows, answers, strict=True) if exists]

    def _job(self, row: Row) -> str:
        return self._keys.job_id(row.slug or self._slug, row.tick, row.token)

    def _finding(self, row: Row, text: str) -> Finding:
        return Finding("job", self._name, row.tick, text)


def _has_no_job(row: Row) -> bool:
    """A run refused because of another job under its id says so itself."""
    why = str(row.values.get("why", ""))
    return row.decision not in ("enqueued", UNREADABLE) and not why.startswith(DUPLICATE)
