"""From the words of `every(…, at=…, on=…)` to a trigger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from rqclock.calendars import calendar, calendar_of_zone
from rqclock.errors import TriggerError
from rqclock.triggers.at import MIDNIGHT, At, read_at
from rqclock.triggers.days import DayOfMonth, Days, EveryDay, MonthDays, Moved, Weekdays, WorkingDays
from rqclock.triggers.hours import Grid, read_grid
from rqclock.triggers.interval import IntervalTrigger
from rqclock.triggers.on import On, OnDay, read_on
from rqclock.triggers.period import WEEKDAYS, Period, read_period
from rqclock.triggers.rules import Line, Rules
from rqclock.triggers.wall import Part, WallTrigger

REFERENCE = 1_767_225_600  # 1 January 2026; a line that has no tick in the decades after it never will
FIXED = ("next", "first")
CADENCE = ("skip", "both")


def every(
    period: str | timedelta, *, at: str | Sequence[str] | None = None, on: On | None = None, rules: Rules
) -> IntervalTrigger | WallTrigger:
    """The trigger for "every `period` at `at` on `on`".

    Raises TriggerError, one line for people, when it cannot be read, contradicts itself or never comes.
    """
    length, entries = read_period(period), read_at(at)
    if on is not None and length.unit not in ("month", "year"):
        raise TriggerError(f'on={on!r} goes with "month" or "year", not with "{length}"')
    if length.is_interval and not entries:
        return _interval(length, rules)
    grid = read_grid(length, entries) if length.is_interval else Grid(length)
    is_fixed = all(entry.is_fixed for entry in entries)
    named = read_on(on, calendar=lambda: _calendar_code(rules))
    needs_calendar = length.unit == "working day" or any(day.day.calendar for day in named)
    rules = settled(rules, defaults=FIXED if is_fixed else CADENCE, needs_calendar=needs_calendar)
    # "24 hours" at "5:01" is a day: named times leave nothing of an interval but its days.
    when, entries = str(grid.period if is_fixed else length), entries or (MIDNIGHT,)
    line = Line("every", when, rules, tuple(map(str, entries)), tuple(day.words for day in named))
    return _wall(line, grid=grid, entries=entries, named=named)


def never_comes(line: Line) -> TriggerError:
    """The refusal of a line without a tick."""
    return TriggerError(f'"{line.when}"{" on the " + line.on[0] if line.on else ""} never comes')


def moved(days: Days, rules: Rules) -> Days:
    """The days as `if_holiday` moves them."""
    if rules.if_holiday not in ("next", "previous"):
        return days
    return Moved(days, rules.calendar or "", 1 if rules.if_holiday == "next" else -1)


def settled(rules: Rules, *, defaults: tuple[str, str], needs_calendar: bool) -> Rules:
    """The rules as they are in force: gap and fold decided, the calendar found if one is needed."""
    if rules.calendar is not None:
        calendar(rules.calendar)
    return replace(
        rules,
        gap=rules.gap or defaults[0],
        fold=rules.fold or defaults[1],
        calendar=_calendar_code(rules) if needs_calendar or rules.if_holiday else None,
    )


def _calendar_code(rules: Rules) -> str:
    return (calendar(rules.calendar) if rules.calendar else calendar_of_zone(rules.tz)).code


def _interval(length: Period, rules: Rules) -> IntervalTrigger:
    if rules.if_holiday in ("next", "previous"):
        raise TriggerError(f'if_holiday="{rules.if_holiday}" moves days, and "{length}" has none: "skip" is possible')
    rules = settled(rules, defaults=CADENCE, needs_calendar=False)
    return IntervalTrigger(Line("every", str(length), replace(rules, gap=None, fold=None)), length.seconds)


def _wall(line: Line, *, grid: Grid, entries: Sequence[At], named: Sequence[OnDay]) -> WallTrigger:
    by_weekday: dict[int | None, set[int]] = {}
    for entry in entries:
        by_weekday.setdefault(entry.weekday, set()).update(entry.times(grid.step))
    parts = []
    for weekday, times in by_weekday.items():
        days = _days(grid.period, weekday=weekday, named=named, rules=line.rules)
        parts.append(Part(moved(days, line.rules), tuple(sorted(times))))
    skips = line.rules.if_holiday == "skip" or (grid.period.unit == "working day" and line.rules.if_holiday is None)
    trigger = WallTrigger(line, tuple(parts), grid.stride, skips)
    if trigger.after(REFERENCE) is None:
        raise never_comes(line)
    return trigger


def _days(period: Period, *, weekday: int | None, named: Sequence[OnDay], rules: Rules) -> Days:
    if period.unit in ("month", "year"):
        return _month_days(period, weekday=weekday, named=named)
    if weekday is not None:
        return _on_weekday(period, weekday)
    if period.unit == "day":
        return EveryDay(period.count)
    if period.unit == "working day":
        return WorkingDays(rules.calendar or "")
    if period.unit == "weekday":
        return Weekdays((0, 1, 2, 3, 4))
    return Weekdays((0 if period.unit == "week" else WEEKDAYS.index(period.unit),), period.count)


def _on_weekday(period: Period, weekday: int) -> Days:
    name = WEEKDAYS[weekday].capitalize()
    if period.unit == "week" or (period.unit == "day" and (period.count == 1 or period.count % 7 == 0)):
        return Weekdays((weekday,), period.count if period.unit == "week" else max(1, period.count // 7))
    if period.unit == name.lower():
        return Weekdays((weekday,))
    if period.unit in WEEKDAYS:
        raise TriggerError(f'two weekdays: every("{period}") and at="{name} …"; write the day once')
    raise TriggerError(f'"{period}" cannot be combined with at="{name} …": write every("{name.lower()}", at="HH:MM")')


def _month_days(period: Period, *, weekday: int | None, named: Sequence[OnDay]) -> Days:
    if weekday is not None:
        name = WEEKDAYS[weekday].capitalize()
        raise TriggerError(f'"{period}" cannot be combined with at="{name} …": write on="first {name}"')
    step = period.count * (12 if period.unit == "year" else 1)
    dated = [day for day in named if day.month is not None]
    if dated and (period.unit == "month" or len(named) > 1):
        raise TriggerError(f'on="{dated[0].words}" names its month: it goes alone, with every("year")')
    days = tuple(day.day for day in named) or (DayOfMonth(0),)
    return MonthDays(days, step, dated[0].month or 0 if dated else 0)
