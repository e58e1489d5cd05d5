"""The proof that no run was lost or doubled: what was due is worked out again and compared with what was decided.

Everything is read in pieces, in order of time, and forgotten at once: a million runs need no more memory than a
thousand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import redis

from rqclock.acts.activity import LostSpan, lost_spans
from rqclock.aftercare.retention import KEPT
from rqclock.store.keys import Keys
from rqclock.store.names import Names
from rqclock.store.server_now import Now, asking
from rqclock.store.versions import Version, read_versions, slugs
from rqclock.views.comparison import Comparison
from rqclock.views.findings import MISSING, UNVERIFIABLE, Finding
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
        self._now = asking(connection, keys, now)
        self.runs = 0
        self.differences = 0
        self.decisions: Counter[str] = Counter()

    def findings(self, slug: str | None = None, *, progress: Progress = lambda runs: None) -> Iterator[Finding]:
        """Every difference between what was due and what was decided, and every span that nobody can verify.

        `slug` restricts it to one schedule; `progress` is told of each thousand runs. Raises redis.RedisError.
        """
        self._excuses = Excuses.read(self._connection, self._keys)
        for finding in self._all([slug] if slug else slugs(self._connection, self._keys), progress):
            self.differences += finding.is_difference
            yield finding

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
                yield from self._one(comparison, slug=slug, span=span, began=versions[0].began, progress=progress)
        slug_of = {first.schedule.name: slug for slug, first in firsts.items()}
        for finding in Pushed(self._connection, self._keys, firsts).findings(span.start, span.end):
            yield self._excuses.judge(finding, slug_of[finding.schedule])

    def _one(
        self, comparison: Comparison, *, slug: str, span: Span, began: int, progress: Progress
    ) -> Iterator[Finding]:
        """One schedule, from its first known definition on."""
        if span.start <= began:
            text = "no definition of that time is known"
            yield Finding(UNVERIFIABLE, comparison.name, span.start, text, until=min(began + 1, span.end))
        excused = 0
        for finding in comparison.findings(max(span.start - 1, began), span.end - 1, progress=progress):
            shown = self._excuses.judge(finding, slug)
            excused += finding.kind == MISSING and not shown.is_difference
            yield shown
        self.runs += comparison.runs
        self.decisions += comparison.decisions
        self.decisions += Counter({UNVERIFIABLE: excused})
        self.decisions -= Counter({MISSING: excused})


class Excuses:
    """What Redis has lost, as clocks have told: what is missing there is no difference."""

    def __init__(self, spans: Sequence[LostSpan], names: Names) -> None:
        self._spans = [
            (span, span.slugs and {heir for slug in span.slugs for heir in names.heirs(slug)}) for span in spans
        ]

    @classmethod
    def read(cls, connection: redis.Redis, keys: Keys) -> Excuses:
        """Raises redis.RedisError."""
        return cls(lost_spans(connection, keys), Names.read(connection, keys))

    def judge(self, finding: Finding, slug: str) -> Finding:
        """The finding about the schedule of this slug, as one that nobody can verify where it is excused."""
        if not finding.is_difference or not any(self._holds(slug, finding.tick)):
            return finding
        return replace(finding, kind=UNVERIFIABLE, text=f"Redis lost data: {finding.text}")

    def _holds(self, slug: str, tick: int) -> Iterator[bool]:
        for span, named in self._spans:
            yield span.start <= tick <= span.end and (named is None or slug in named)


def _unknown(versions: Sequence[Version], span: Span) -> Iterator[Finding]:
    """The parts of the span of which the definition cannot be read."""
    for version in versions:
        start, end = max(span.start, version.began + 1), min(span.end, (version.ended or span.end) + 1)
        if not version.known and start < end:
            text = "another version of rqclock (or somebody else) wrote the definition of that time"
            yield Finding(UNVERIFIABLE, version.schedule.name, start, text, until=end)
