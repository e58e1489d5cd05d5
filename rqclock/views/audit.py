"""The proof that no run was lost or doubled: what was due is worked out again and compared with what was decided.

Everything is read in pieces, in order of time, and forgotten at once: a million runs need no more memory than a
thousand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import redis

from rqclock.acts.activity import lost_spans
from rqclock.aftercare.retention import KEPT
from rqclock.store.keys import Keys
from rqclock.store.server_now import Now, asking
from rqclock.store.versions import Version, read_versions, slugs
from rqclock.views.comparison import Comparison
from rqclock.views.findings import UNVERIFIABLE, Finding
from rqclock.views.pushed import Pushed

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Span:
    """From `start` on, `end` not included; epoch seconds."""

    start: int
    end: int


class Audit:
    """One audit of a Clock. While `findings` is read, it counts the runs that were due, by decision."""

    def __init__(self, connection: redis.Redis, keys: Keys, span: Span, now: Now | None = None) -> None:
        self._connection = connection
        self._keys = keys
        self._span = span
        self._now = asking(connection, now)
        self.runs = 0
        self.differences = 0
        self.decisions: Counter[str] = Counter()

    def findings(self, slug: str | None = None, *, progress: Progress = lambda runs: None) -> Iterator[Finding]:
        """Every difference between what was due and what was decided, and every span that nobody can verify.

        `slug` restricts it to one schedule; `progress` is told of each thousand runs. Raises redis.RedisError.
        """
        lost = lost_spans(self._connection, self._keys)
        for finding in self._all([slug] if slug else slugs(self._connection, self._keys), progress):
            excused = finding.is_difference and any(start <= finding.tick <= end for start, end in lost)
            shown = replace(finding, kind=UNVERIFIABLE, text=f"Redis lost data: {finding.text}") if excused else finding
            self.differences += shown.is_difference
            yield shown

    def _all(self, chosen: list[str], progress: Progress) -> Iterator[Finding]:
        span, horizon = self._span, int(self._now()) - KEPT
        if span.start < horizon:
            text = f"older than the {KEPT // 86400} days that are kept"
            yield Finding(UNVERIFIABLE, "", span.start, text, until=min(horizon, span.end))
            span = replace(span, start=horizon)
        firsts = {}
        for slug in chosen:
            versions = read_versions(self._connection, self._keys, slug)
            if versions:
                firsts[slug] = replace(versions[0], schedule=versions[-1].schedule)
                comparison = Comparison(self._connection, self._keys, versions, self._now)
                yield from _unknown(versions, span)
                yield from self._one(comparison, span, versions[0].began, progress)
        yield from Pushed(self._connection, self._keys, firsts).findings(span.start, span.end)

    def _one(self, comparison: Comparison, span: Span, began: int, progress: Progress) -> Iterator[Finding]:
        """One schedule, from its first known definition on."""
        if span.start <= began:
            text = "no definition of that time is known"
            yield Finding(UNVERIFIABLE, comparison.name, span.start, text, until=min(began + 1, span.end))
        yield from comparison.findings(max(span.start - 1, began), span.end - 1, progress=progress)
        self.runs += comparison.runs
        self.decisions += comparison.decisions


def _unknown(versions: Sequence[Version], span: Span) -> Iterator[Finding]:
    """The parts of the span of which the definition cannot be read."""
    for version in versions:
        start, end = max(span.start, version.began + 1), min(span.end, (version.ended or span.end) + 1)
        if not version.known and start < end:
            text = "another version of rqclock wrote the definition of that time"
            yield Finding(UNVERIFIABLE, version.schedule.name, start, text, until=end)
