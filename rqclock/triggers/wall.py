"""Schedules by the clock on the wall: local times on local days, and what a clock change does to them.

The trigger needs no dates with zones. In each stretch of constant offset it finds the next matching *wall second*
(seconds since 1 January 1970 as the local clock counts them), and at the ends of the stretch it adds what the rules
say: there a gap skips wall seconds, or a fold brings them twice.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any

from rqclock.calendars import calendar
from rqclock.triggers.changes import Change, change, day_words, is_gap, touched
from rqclock.triggers.days import Days, EveryDay, MonthDays, Moved
from rqclock.triggers.rules import Line
from rqclock.triggers.words import words
from rqclock.triggers.zones import Segment, zone

DAY = 86_400
SAMPLE = 60  # matches looked at to find the usual distance between ticks
SAMPLE_FROM = 20_454 * DAY  # 1 January 2026


@dataclass(frozen=True)
class Part:
    """Times of day (seconds, ascending) on some days."""

    days: Days
    times: tuple[int, ...]

    def first(self, wall: int) -> int | None:
        """The first match that is not before a wall second."""
        day, second = divmod(wall, DAY)
        found = self.days.first(day)
        if found == day:
            if second <= self.times[-1]:
                return day * DAY + self.times[bisect_left(self.times, second)]
            found = self.days.first(day + 1)
        return None if found is None else found * DAY + self.times[0]


@dataclass(frozen=True)
class WallTrigger:
    """Ticks at wall times. `line.rules` holds the gap and fold in force, and the calendar if one is needed.

    stride: of the ticks, only those in every n-th hour as UTC counts them from the epoch ("3 hours" at ":20").
    skips_holidays: a tick on a holiday is there, but vetoed.
    """

    line: Line
    parts: tuple[Part, ...] = field(compare=False)
    stride: int = field(default=1, compare=False)
    skips_holidays: bool = field(default=False, compare=False)

    @property
    def tz(self) -> str:
        return self.line.rules.tz

    @property
    def words(self) -> str:
        return words(self.line)

    @property
    def period(self) -> int:
        return usual_distance(self.parts) if self.stride == 1 else self.stride * 3600

    def spec(self) -> dict[str, Any]:
        return self.line.spec()

    def after(self, instant: int) -> int | None:
        """The first tick strictly later than `instant`; None when none comes any more."""
        tick = self._from(instant + 1)
        while tick is not None and tick // 3600 % self.stride:
            tick = self._from(tick + 1)
        return tick

    def veto(self, tick: int) -> str | None:
        """Why the calendar skips this tick, if it does."""
        if not self.skips_holidays:
            return None
        holiday = calendar(self.line.rules.calendar or "").holiday(self._day(tick))
        return f"holiday: {holiday}" if holiday else None

    def note(self, tick: int) -> str | None:
        """What a clock change or a holiday did to this tick, if anything."""
        for edge, walls in self._touching(tick):
            if walls and not is_blind(self.parts, edge.offset - edge.before):
                return change(edge, walls=walls, rules=self.line.rules).note
        return self._moved(tick)

    def changes(self, start: int, end: int) -> Iterator[Change]:
        """The runs that clock changes touch, for every clock change after `start` and not after `end`."""
        for edge in zone(self.tz).segments(start, end):
            walls = self._between(*touched(edge))
            if walls and not is_blind(self.parts, edge.offset - edge.before):
                yield change(edge, walls=walls, rules=self.line.rules)

    def first(self, wall: int) -> int | None:
        """The first match that is not before a wall second, clock changes apart."""
        if len(self.parts) == 1:
            return self.parts[0].first(wall)
        return min((match for part in self.parts if (match := part.first(wall)) is not None), default=None)

    def _from(self, low: int) -> int | None:
        segments = zone(self.tz).segment
        while True:
            segment = segments(low)
            tick = self._in_segment(segment, low)
            if tick is not None:
                return tick
            # No later second on the wall precedes this one: not even a fold after the segment goes back further.
            match = self.first(min(low + segment.offset, segment.end + segment.after))
            if match is None:
                return None
            # What lies long before the next match, whatever the offset, is passed over.
            low = max(segment.end, match - 2 * DAY)

    def _in_segment(self, segment: Segment, low: int) -> int | None:
        """The first tick from `low` on that the segment holds."""
        fold = self.line.rules.fold
        wall, end = low + segment.offset, segment.end + segment.offset
        if fold == "first":
            wall = max(wall, segment.start + segment.before)
        elif fold == "second":
            end = min(end, segment.end + segment.after)
        match = self.first(wall)
        tick = match - segment.offset if match is not None and match < end else None
        if segment.before < segment.offset and (moved := self._out_of_gap(segment, low)) is not None:
            return moved if tick is None else min(moved, tick)
        return tick

    def _out_of_gap(self, segment: Segment, low: int) -> int | None:
        """The first tick from `low` on that stands for a wall time skipped where the segment begins."""
        gap = self.line.rules.gap
        if gap == "skip" or (gap == "next" and low > segment.start):
            return None
        match = self.first(max(low, segment.start) + segment.before)
        if match is None or match >= segment.start + segment.offset:
            return None
        return segment.start if gap == "next" else match - segment.before

    def _day(self, tick: int) -> int:
        return (tick + zone(self.tz).offset(tick)) // DAY

    def _between(self, start: int, end: int) -> list[int]:
        found, wall = [], self.first(start)
        while wall is not None and wall < end:
            found.append(wall)
            wall = self.first(wall + 1)
        return found

    def _touching(self, tick: int) -> Iterator[tuple[Segment, list[int]]]:
        """The clock changes next to a tick, with our wall times there that this tick stands for."""
        here = zone(self.tz)
        segment = here.segment(tick)
        if segment.start + DAY < tick < segment.end - DAY:
            return  # far from any change, as nearly every tick is
        # Where no change follows, the end of the segment is only the end of what has been looked up.
        following = [here.segment(segment.end)] if segment.after != segment.offset else []
        for edge in (segment, *following):
            start, end = touched(edge)
            if not is_gap(edge):
                wall = tick + segment.offset
                yield edge, [wall] if start <= wall < end else []
            elif edge is segment and self.line.rules.gap == "next":
                yield edge, self._between(start, end) if tick == edge.start else []
            elif edge is segment and self.line.rules.gap == "shift":
                wall = tick + edge.before
                yield edge, [wall] if wall < end and self.first(wall) == wall else []

    def _moved(self, tick: int) -> str | None:
        day = self._day(tick)
        for part in self.parts:
            sources = part.days.sources(day) if isinstance(part.days, Moved | MonthDays) else []
            for source in sources:
                if source != day:
                    holiday = calendar(self.line.rules.calendar or "").holiday(source)
                    return f"{'also for' if day in sources else 'moved from'} {day_words(source)}: {holiday}"
        return None


@lru_cache(maxsize=4096)
def usual_distance(parts: tuple[Part, ...]) -> int:
    """The shortest distance in seconds between matches, among the first ones of 2026."""
    walls = sorted({wall for part in parts for wall in _sample(part)})
    return min((later - wall for wall, later in pairwise(walls)), default=DAY)


@lru_cache(maxsize=4096)
def is_blind(parts: tuple[Part, ...], shift: int) -> bool:
    """Whether moving the clock by `shift` leaves the pattern as it was: quarter-hours don't feel a lost hour."""
    return abs(shift) < DAY and all(
        part.days == EveryDay() and {(time + shift) % DAY for time in part.times} == set(part.times) for part in parts
    )


def _sample(part: Part) -> Iterator[int]:
    wall = part.first(SAMPLE_FROM)
    for _ in range(SAMPLE):
        if wall is None:
            return
        yield wall
        wall = part.first(wall + 1)
