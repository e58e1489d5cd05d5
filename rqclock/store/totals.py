"""What was counted since a Clock began, for figures that only grow: in Redis, so that every process shows the same.

Fields of the hash `totals`: `runs:DECISION`, `ends:OUTCOME`, each also with `:SLUG` behind it; `last:OUTCOME:SLUG`, the
epoch second of the last such end; `late:…` and `took:…`, the histograms in milliseconds: one field a bucket, named by
its upper bound or `more`, and `sum`; `retries`; `lost:…`, what became of jobs that lost their worker.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import redis

from rqclock.store.keys import Keys
from rqclock.store.replies import text

DECISIONS = ("enqueued", "skipped", "missed", "refused")
OUTCOMES = ("finished", "failed", "abandoned", "stopped", "canceled", "unknown")
LATENESS = (5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 60_000, 600_000)  # ms
DURATIONS = (10, 100, 500, 1000, 5000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000, 14_400_000)  # ms
SLICE = 1000


class Totals:
    """The totals of one Clock."""

    def __init__(self, connection: redis.Redis, keys: Keys) -> None:
        self._connection = connection
        self._key = keys.named("totals")

    def read(self) -> dict[str, int]:
        """All of them, a slice at a time: there may be ten for each schedule. Raises redis.RedisError."""
        found = self._connection.hscan_iter(self._key, count=SLICE)
        return {text(name): int(value) for name, value in found}

    def add(self, field: str, by: int = 1) -> None:
        """Count something; what Redis refuses is not counted. Raises redis.ConnectionError."""
        with suppress(redis.ResponseError):
            self._connection.hincrby(self._key, field, by)

    def forget(self, slugs: Iterable[str]) -> None:
        """Drop what was counted for these schedules alone. Raises redis.ConnectionError."""
        pipeline = self._connection.pipeline(transaction=False)
        for slug in slugs:
            decided = [f"runs:{decision}:{slug}" for decision in DECISIONS]
            ended = [f"{kind}:{outcome}:{slug}" for kind in ("ends", "last") for outcome in OUTCOMES]
            pipeline.hdel(self._key, *decided, *ended)
        pipeline.execute(raise_on_error=False)


def bucket(value: int, bounds: Iterable[int]) -> str:
    """The name of the bucket that a value belongs to.

    >>> bucket(5, LATENESS), bucket(6, LATENESS), bucket(10**9, LATENESS)
    ('5', '10', 'more')
    """
    return next((str(bound) for bound in bounds if value <= bound), "more")


def of_an_end(outcome: str, slug: str, *, took: float | None, retries: int) -> dict[str, int]:
    """What the end of a job adds; `took` in seconds, where that is known."""
    found: dict[str, int] = {f"ends:{outcome}": 1, f"ends:{outcome}:{slug}": 1, "retries": retries}
    if took is not None:
        ms = max(0, int(took * 1000))
        found |= {f"took:{bucket(ms, DURATIONS)}": 1, "took:sum": ms}
    return {field: by for field, by in found.items() if by}


def histogram(totals: Mapping[str, Any], kind: str, bounds: Iterable[int]) -> tuple[list[tuple[str, float]], float]:
    """Cumulated buckets as Prometheus has them (bounds in seconds, `+Inf` last), and the sum in seconds."""
    count, buckets = 0, []
    for bound in bounds:
        count += totals.get(f"{kind}:{bound}", 0)
        buckets.append((str(bound / 1000), float(count)))
    buckets.append(("+Inf", float(count + totals.get(f"{kind}:more", 0))))
    return buckets, totals.get(f"{kind}:sum", 0) / 1000
