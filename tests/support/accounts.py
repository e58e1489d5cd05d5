"""What became of every tick: counted from Redis's own keys, without the library that is tested."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import redis

Row = dict[str, Any]
DECISIONS = {"enqueued", "skipped", "missed", "refused"}
PERIODS: Mapping[str, int] = {"tick": 1}


class WrongAccounts(AssertionError):
    """A tick without a decision, or with two; a job that is queued twice, or not at all."""


@dataclass(frozen=True)
class Accounts:
    """The rows of each schedule by slug and tick, gaps taken apart; and how often each job id is in a queue.

    Nothing may have taken a job out of a queue.
    """

    rows: dict[str, dict[int, Row]]
    queued: Counter[str]
    problems: list[str]
    clock: str

    @classmethod
    def read(
        cls,
        connection: redis.Redis,
        periods: Mapping[str, int | Iterable[int]] = PERIODS,
        *,
        clock: str = "default",
        prefix: str = "rq",
        before: Iterable[str] = (),
    ) -> Accounts:
        """Read all there is of the schedules (slug → seconds between ticks, or the ticks themselves).

        `before`: the slugs that they had before they were renamed.
        """
        ours = tuple(_job_id(clock, slug, "") for slug in (*periods, *before))
        queued = Counter({job: n for job, n in _queued(connection, prefix).items() if job.startswith(ours)})
        accounts = cls({}, queued, [], clock)
        for slug, period in periods.items():
            found: dict[Any, Any] = connection.hgetall(f"{prefix}:clock:{clock}:ledger:{slug}")
            accounts._enter(slug, {name.decode(): json.loads(row) for name, row in found.items()}, period)
        accounts._compare()
        return accounts

    def check(self) -> Accounts:
        """Fail unless every tick between the first and the last has one decision, and each job is queued once."""
        if self.problems:
            raise WrongAccounts("\n".join([f"{len(self.problems)} problems:", *self.problems[:40]]))
        return self

    def ticks(self, slug: str = "tick", *decisions: str) -> list[int]:
        """The decided ticks in order, or those decided so."""
        found = self.rows[slug]
        return sorted(tick for tick, row in found.items() if not decisions or row["is"] in decisions)

    def count(self, decision: str) -> int:
        """How many ticks were decided so."""
        return sum(row["is"] == decision for rows in self.rows.values() for row in rows.values())

    def refired(self, slug: str = "tick") -> list[int]:
        """The ticks that say of themselves that they were decided a second time."""
        return sorted(tick for tick, row in self.rows[slug].items() if row.get("refired"))

    def lateness(self, slug: str = "tick", *, since: float = 0) -> list[float]:
        """Seconds from due to queued, of the ticks enqueued, in their order."""
        return [
            max(0.0, self.rows[slug][tick]["at"] / 1000 - tick) for tick in self.ticks(slug, "enqueued") if tick > since
        ]

    def reasons(self, slug: str = "tick") -> set[str]:
        """Every `why` there is."""
        return {str(row["why"]) for row in self.rows[slug].values() if "why" in row}

    def _enter(self, slug: str, found: Mapping[str, Row], period: int | Iterable[int]) -> None:
        rows: dict[int, Row] = {}
        due = period if isinstance(period, int) else sorted(period)
        for name, row in sorted(found.items(), key=lambda pair: int(pair[0].partition("r")[0])):
            if "r" in name:  # a run that a person asked for is no tick
                at, _, token = name.partition("r")
                self.queued.pop(f"{_job_id(self.clock, slug, int(at))}_r{token}", None)
                continue
            for tick in _span(int(name), row, due):
                if tick in rows:
                    self.problems.append(f"{slug} {tick}: decided twice: {rows[tick]} and {row}")
                rows[tick] = row
        self.rows[slug] = rows
        for tick in _expected(rows, due):
            if tick not in rows:
                self.problems.append(f"{slug} {tick}: lost, there is no decision")
        for tick, row in rows.items():
            self._judge(slug, tick, row, due)

    def _judge(self, slug: str, tick: int, row: Row, period: int | list[int]) -> None:
        due = tick % period == 0 if isinstance(period, int) else tick in period
        if not due:
            self.problems.append(f"{slug} {tick}: was not due then: {row}")
        if row["is"] not in DECISIONS or (row["is"] != "enqueued" and not row.get("why")):
            self.problems.append(f"{slug} {tick}: no decision with a reason: {row}")

    def _compare(self) -> None:
        """Queues and ledgers, against each other."""
        said = {
            _job_id(self.clock, row.get("slug", slug), tick)
            for slug, rows in self.rows.items()
            for tick, row in rows.items()
            if row["is"] == "enqueued"
        }
        for job in sorted(said - set(self.queued)):
            self.problems.append(f"{job}: the ledger says enqueued, and no queue has it")
        for job, times in self.queued.items():
            if job not in said:
                self.problems.append(f"{job}: in a queue, and the ledger does not say so")
            if times > 1:
                self.problems.append(f"{job}: in a queue {times} times")


def _queued(connection: redis.Redis, prefix: str) -> Counter[str]:
    queues = [key for key in connection.smembers(f"{prefix}:queues") if connection.type(key) == b"list"]
    jobs: list[Any] = [job for queue in queues for job in connection.lrange(queue, 0, -1)]
    return Counter(job.decode() for job in jobs)


def _job_id(clock: str, slug: str, tick: int | str) -> str:
    scope = "" if clock == "default" else f"{clock}_"
    at = tick if isinstance(tick, str) else f"{datetime.fromtimestamp(tick, UTC):%Y%m%dT%H%M%SZ}"
    return f"{scope}{slug}_{at}"


def _span(tick: int, row: Row, period: int | list[int]) -> Iterable[int]:
    """The ticks of a row: one, or those of a gap."""
    if "from" not in row:
        return [tick]
    if isinstance(period, int):
        ticks: Iterable[int] = range(row["from"], tick + 1, period)
    else:
        ticks = [due for due in period if row["from"] <= due <= tick]
    assert row["n"] in (None, len(list(ticks))), (
        f"a gap of {row['n']} ticks from {row['from']} to {tick}: {list(ticks)}"
    )
    return ticks


def _expected(rows: Mapping[int, Row], period: int | list[int]) -> Iterable[int]:
    if not rows:
        return []
    first, last = min(rows), max(rows)
    return (
        range(first, last + 1, period) if isinstance(period, int) else [due for due in period if first <= due <= last]
    )
