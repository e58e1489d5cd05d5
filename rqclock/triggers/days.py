"""Which days: rules that find the next day of the local calendar, counted from 1 January 1970 (day 0, a Thursday)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Protocol

from rqclock.calendars import EPOCH_DAY, LONGEST_CLOSURE, calendar

SPAN = 64  # days whose moves are worked out together
HORIZON_MONTHS = 12 * 41  # the rarest day that comes at all, 29 February on one weekday, comes within 40 years


class Days(Protocol):
    """A set of days without end, or with a last one."""

    def first(self, day: int) -> int | None:
        """The first day of the set that is not before `day`; None when there is none any more."""


@dataclass(frozen=True)
class EveryDay:
    """Every day, or every `step` days counted from 1 January 1970."""

    step: int = 1

    def first(self, day: int) -> int:
        return day + -day % self.step


@dataclass(frozen=True)
class Weekdays:
    """Some days of the week (Monday is 0), in every week or in every `weeks`th.

    Weeks are counted from 1 January 1970: every second Sunday is 4 January 1970, 18 January and so on.
    """

    weekdays: tuple[int, ...]
    weeks: int = 1

    def first(self, day: int) -> int:
        while (day + 3) % 7 not in self.weekdays or day // 7 % self.weeks:
            idle = -(day // 7) % self.weeks  # whole weeks to pass over
            day += 7 * idle - day % 7 if idle else 1
        return day


@dataclass(frozen=True)
class WorkingDays:
    """All days but the weekends of a calendar. Holidays are among them: the trigger skips those by name."""

    calendar: str

    def first(self, day: int) -> int:
        weekend = calendar(self.calendar).is_weekend
        while weekend(day):
            day += 1
        return day


@dataclass(frozen=True)
class DayOfMonth:
    """One day of a month: of all its days, of its Mondays, or of its working days; from its start or its end.

    index: 0 is the first, -1 the last. weekday: only those days of the week. calendar: only its working days.
    """

    index: int
    weekday: int | None = None
    calendar: str | None = None

    def day(self, year: int, month: int) -> int | None:
        """The day in that month, or None in a month without it."""
        first, length = month_span(year, month)
        days = [day for day in range(first, first + length) if self._counts(day)]
        return days[self.index] if -len(days) <= self.index < len(days) else None

    def passed_over(self, day: int) -> list[int]:
        """The public holidays between that end of the month and the working day `day`: they decided which it is."""
        if self.calendar is None:
            return []
        days, (first, length) = calendar(self.calendar), month_of(day)
        before = range(first, day) if self.index >= 0 else range(day + 1, first + length)
        return [other for other in before if days.holiday(other) and not days.is_weekend(other)]

    def _counts(self, day: int) -> bool:
        if self.calendar is not None:
            return calendar(self.calendar).is_working(day)
        return self.weekday is None or (day + 3) % 7 == self.weekday


@dataclass(frozen=True)
class MonthDays:
    """Days of every `step`th month, counted from January 1970 plus `phase`."""

    days: tuple[DayOfMonth, ...]
    step: int = 1
    phase: int = 0

    def first(self, day: int) -> int | None:
        begin = date.fromordinal(day + EPOCH_DAY)
        months = (begin.year - 1970) * 12 + begin.month - 1
        for month in range(months + (self.phase - months) % self.step, months + HORIZON_MONTHS, self.step):
            for found in _days_of_month(self.days, month):
                if found >= day:
                    return found
        return None

    def sources(self, day: int) -> list[int]:
        """The holidays because of which it is this day and not another."""
        return [passed for rule in self.days for passed in rule.passed_over(day)]


@dataclass(frozen=True)
class Moved:
    """The days of another rule, with those on a holiday moved to the next (step 1) or last (step -1) working day."""

    days: Days
    calendar: str
    step: int

    def first(self, day: int) -> int | None:
        span = day // SPAN
        while self.days.first(span * SPAN - LONGEST_CLOSURE) is not None:
            for found in _moved_in(self, span):
                if found >= day:
                    return found
            span += 1
        return None

    def moved(self, source: int) -> int:
        """Where a day of the rule ends up: itself, unless it is a holiday."""
        days = calendar(self.calendar)
        return source if days.holiday(source) is None else days.working_day(source, step=self.step)

    def sources(self, day: int) -> list[int]:
        """The days of the rule that end up on `day`."""
        near = _between(self.days, start=day - LONGEST_CLOSURE, end=day + LONGEST_CLOSURE + 1)
        return [source for source in near if self.moved(source) == day]


def month_of(day: int) -> tuple[int, int]:
    """The first day of the month that a day is in, and the month's length."""
    moment = date.fromordinal(day + EPOCH_DAY)
    return month_span(moment.year, moment.month)


def month_span(year: int, month: int) -> tuple[int, int]:
    """The first day of a month and its length in days."""
    first = date(year, month, 1).toordinal()
    following = date(year + month // 12, month % 12 + 1, 1).toordinal()
    return first - EPOCH_DAY, following - first


@lru_cache(maxsize=4096)
def _days_of_month(days: tuple[DayOfMonth, ...], month: int) -> tuple[int, ...]:
    found = (rule.day(1970 + month // 12, month % 12 + 1) for rule in days)
    return tuple(sorted({day for day in found if day is not None}))


@lru_cache(maxsize=4096)
def _moved_in(rule: Moved, span: int) -> tuple[int, ...]:
    """The days on which the moved ones end up, in one span: a cache, for each takes a look at the calendar."""
    days = range(span * SPAN, (span + 1) * SPAN)
    near = _between(rule.days, start=days.start - LONGEST_CLOSURE, end=days.stop + LONGEST_CLOSURE)
    return tuple(sorted({moved for source in near if (moved := rule.moved(source)) in days}))


def _between(days: Days, *, start: int, end: int) -> list[int]:
    found, day = [], days.first(start)
    while day is not None and day < end:
        found.append(day)
        day = days.first(day + 1)
    return found
