"""Schedules of a fixed distance: so many seconds apart, counted from the epoch, deaf to zones and clock changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rqclock.calendars import calendar
from rqclock.triggers.changes import Change
from rqclock.triggers.rules import Line
from rqclock.triggers.words import words
from rqclock.triggers.zones import zone


@dataclass(frozen=True)
class IntervalTrigger:
    """Ticks at every multiple of `seconds` since 1 January 1970 00:00 UTC: a deploy neither starves nor repeats one."""

    line: Line
    seconds: int

    @property
    def tz(self) -> str:
        return self.line.rules.tz

    @property
    def words(self) -> str:
        return words(self.line)

    @property
    def period(self) -> int:
        return self.seconds

    def spec(self) -> dict[str, Any]:
        return self.line.spec()

    def after(self, instant: int) -> int | None:
        """The first tick strictly later than `instant`."""
        return (instant // self.seconds + 1) * self.seconds

    def veto(self, tick: int) -> str | None:
        """Why the calendar skips this tick, if it does."""
        if self.line.rules.if_holiday != "skip":
            return None
        day = (tick + zone(self.tz).offset(tick)) // 86_400
        holiday = calendar(self.line.rules.calendar or "").holiday(day)
        return f"holiday: {holiday}" if holiday else None

    def note(self, tick: int) -> str | None:
        """Nothing: clock changes move no interval."""
        return None

    def changes(self, start: int, end: int) -> Iterator[Change]:
        """None."""
        return iter(())
