"""One schedule's due ticks against the rows of its ledger, both in order of time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import redis

from rqclock.aftercare.retention import HOUR
from rqclock.store.keys import Keys
from rqclock.store.ledger import slices
from rqclock.store.replies import number
from rqclock.store.rows import CHUNK, UNREADABLE, Gaps, Row, Rows
from rqclock.store.server_now import Now
from rqclock.store.ticks import iso
from rqclock.store.versions import Version, ticks
from rqclock.views.evidence import Evidence
from rqclock.views.findings import MISSING, Finding

OVERDUE = 10.0  # seconds after which a tick should be decided, takeovers included
PROGRESS_EVERY = 1000


@dataclass
class Pending:
    """Ticks in a row that were due and had no row yet: a gap, or a difference. Only their ends are kept."""

    first: int
    last: int
    count: int = 1


class Comparison:
    """Compares a schedule's ticks with its rows. `runs` and `decisions` count them meanwhile."""

    def __init__(self, connection: redis.Redis, keys: Keys, versions: Sequence[Version], now: Now) -> None:
        self._connection = connection
        self._keys = keys
        self._versions = versions
        self._now = now
        self._slug = slug = versions[-1].schedule.slug
        self.name = versions[-1].schedule.name
        self._rows = Rows(connection, keys, slug)
        self._evidence = Evidence(connection, keys, slug, self.name)
        self._pending: Pending | None = None
        self._last_step: int | None = None
        self._folded: dict[int, int] = {}
        self._used: Counter[int] = Counter()
        self.runs = 0
        self.decisions: Counter[str] = Counter()

    def findings(
        self, after: int, until: int, *, progress: Callable[[int], None] = lambda runs: None
    ) -> Iterator[Finding]:
        """The differences among ticks later than `after` and not later than `until`. Raises redis.RedisError."""
        now, cursor = self._now(), self._cursor()
        expected = self._counted(ticks(self._versions, after, min(until, int(now))), progress)
        due = next(expected, None)
        for piece in self._rows.pieces(after, until):
            yield from self._evidence.findings(piece)
            for row in piece:
                while due is not None and due < row.tick:
                    self._pend(due)
                    due = next(expected, None)
                if row.token is None:
                    yield from self._row(row, is_due=due == row.tick)
                    due = next(expected, None) if due == row.tick else due
        while due is not None:
            self._pend(due)
            due = next(expected, None)
        yield from self._rest(cursor, now)
        yield from self._check_cursor(now)

    def _counted(self, expected: Iterator[int], progress: Callable[[int], None]) -> Iterator[int]:
        for tick in expected:
            self.runs += 1
            if self.runs % PROGRESS_EVERY == 0:
                progress(PROGRESS_EVERY)
            yield tick
        progress(self.runs % PROGRESS_EVERY)

    def _pend(self, tick: int) -> None:
        if self._pending is None:
            self._pending = Pending(tick, tick)
        else:
            self._pending.last, self._pending.count = tick, self._pending.count + 1

    # --- a row

    def _row(self, row: Row, *, is_due: bool) -> Iterator[Finding]:
        if row.decision == UNREADABLE:
            yield self._finding("unreadable", row.tick, f"its row cannot be read: {row.raw[:80]!r}")
        if row.gap is not None:
            yield from self._gap(row)
        elif row.is_step and self._pending is not None:
            yield from self._missing(self._pending.first, self._pending.last)
            self._pending = None
        if row.is_step:
            self._last_step = row.tick
        if is_due:
            self.decisions[row.decision] += 1
        elif "from" not in row.values and not self._is_unknown(row.tick):
            # (a gap too long to be counted ends between two ticks)
            yield self._finding("extra", row.tick, f"it is recorded as {row.decision}, and was not due")

    def _is_unknown(self, tick: int) -> bool:
        return any(version.holds(tick) and not version.known for version in self._versions)

    def _gap(self, row: Row) -> Iterator[Finding]:
        """The ticks that wait for a row, and this one's gap from its first tick on."""
        assert row.gap is not None
        first = int(row.gap["from"])
        if self._last_step is not None and self._last_step >= first:
            yield self._finding("twice", self._last_step, f"it is decided, and again in the gap up to {iso(row.tick)}")
        pending, self._pending = self._pending, None
        if pending is not None:
            before = self.decisions.total()
            yield from self._missing(pending.first, min(pending.last, first - 1))
            uncovered = self.decisions.total() - before
            self.decisions[str(row.gap["is"])] += pending.count - uncovered

    # --- what has no row

    def _missing(self, first: int, last: int) -> Iterator[Finding]:
        """The ticks of this span that no row and no count accounts for."""
        for part in slices(ticks(self._versions, first - 1, last), CHUNK):
            for tick, row in zip(part, self._rows.of(part), strict=True):
                if row is None and not self._is_folded(tick):
                    self.decisions[MISSING] += 1
                    yield self._finding(MISSING, tick, "it was due, and nothing is recorded of it")
                elif row is not None and not self._rows.indexed(row.field):
                    self.decisions[row.decision] += 1
                    yield self._finding("not in the index", tick, f"{row.decision}, and no list of runs shows it")

    def _is_folded(self, tick: int) -> bool:
        """Whether it is one of those of its hour of which only the number is kept."""
        hour = tick // HOUR * HOUR
        if self._used[hour] >= self._folded.get(hour, 0):  # read anew: the clock may fold while we look
            found: dict[Any, Any] = self._connection.hgetall(self._keys.of("folded", self._slug))
            where = f"how many good runs of {self._slug} there were in an hour"
            self._folded = {
                number(at, where=where) or 0: number(count, where=where) or 0 for at, count in found.items()
            }
        if self._used[hour] >= self._folded.get(hour, 0):
            return False
        self._used[hour] += 1
        self.decisions["enqueued"] += 1
        return True

    def _rest(self, cursor: int | None, now: float) -> Iterator[Finding]:
        """The last ticks without a row: in a gap that ends later, not decided yet, or missing."""
        pending, self._pending = self._pending, None
        if pending is None:
            return
        decided = pending.last if cursor is None else min(pending.last, cursor)
        if decided >= pending.first:
            gap = Gaps(self._rows).covering(decided)
            first = int(gap.gap["from"]) if gap and gap.gap else decided + 1
            yield from self._missing(pending.first, min(decided, first - 1))
            if gap and gap.gap:
                covered = sum(1 for _ in ticks(self._versions, max(first, pending.first) - 1, decided))
                self.decisions[str(gap.gap["is"])] += covered
        yield from self._undecided(max(decided, pending.first - 1), pending.last, now)

    def _undecided(self, after: int, last: int, now: float) -> Iterator[Finding]:
        first, count, late = None, 0, 0
        for tick in ticks(self._versions, after, last):
            first, count = first or tick, count + 1
            late += now - tick > OVERDUE
        self.decisions["undecided"] += count
        if first is not None and late:
            text = f"{late} due and not decided yet: is a clock running?"
            yield Finding("overdue", self.name, first, text, until=last + 1)

    # --- the cursor

    def _cursor(self) -> int | None:
        """The last decided tick; None when the schedule has left the timetable, and all must be decided."""
        if self._versions[-1].ended is not None:
            return None
        return self._rows.cursor()

    def _check_cursor(self, now: float) -> Iterator[Finding]:
        cursor = self._cursor()
        if cursor is None:
            return
        if self._last_step is not None and self._last_step > cursor:
            text = f"what was decided up to {iso(self._last_step)} would be decided again"
            yield self._finding("cursor", cursor, text)
        elif cursor > now + OVERDUE:
            yield self._finding("cursor", cursor, "it lies in the future: nothing is decided before")

    def _finding(self, kind: str, tick: int, text: str) -> Finding:
        return Finding(kind, self.name, tick, text)
