"""Cron expressions: read by cronsim, walked by our own trigger.

cronsim knows the fields (names, ranges, steps, L, #) and which days match, joined by AND or OR as in Debian's cron.
The walk over clock changes is ours: cronsim moves hour by hour, which misses runs where the change is half an hour.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

from cronsim.cronsim import CronSim, CronSimError, Field

from rqclock.calendars import EPOCH_DAY
from rqclock.errors import TriggerError, did_you_mean
from rqclock.triggers.days import HORIZON_MONTHS, Days, EveryDay, Weekdays, month_span
from rqclock.triggers.every import CADENCE, FIXED, REFERENCE, moved, never_comes, settled
from rqclock.triggers.rules import Line, Rules, in_zone
from rqclock.triggers.wall import Part, WallTrigger
from rqclock.triggers.zones import zone_names

ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@noon": "0 12 * * *",
    "@hourly": "0 * * * *",
}
FIELDS = ("second", "minute", "hour", "day of the month", "month", "weekday")
_SPANS = ("0-59", "0-59", "0-23", "1-31, L", "1-12, JAN-DEC", "0-7, SUN-SAT, 5L, MON#1")


def cron(expression: str, *, rules: Rules) -> WallTrigger:
    """The trigger for a cron expression of 5 fields, 6 (seconds first) or an alias, with or without a zone at its end.

    Raises TriggerError, naming the field, when it cannot be read or never comes.
    """
    if not isinstance(expression, str):
        raise TriggerError(f"a cron expression is a text, not {expression!r}")
    text, tz = split_zone(expression)
    words = _fields(text)
    fields = words if len(words) == 6 else ["0", *words]
    times, days = _times(tuple(fields[:3])), _days(CronDays(*fields[3:]))
    # Debian's rule: a star at the start of the minute or the hour means a cadence, which clock changes leave alone.
    fixed = not any(field.startswith("*") for field in fields[:3])
    rules = settled(in_zone(rules, tz), defaults=FIXED if fixed else CADENCE, needs_calendar=False)
    line = Line("cron", " ".join(words), rules)
    trigger = WallTrigger(line, (Part(moved(days, rules), times),), skips_holidays=rules.if_holiday == "skip")
    if trigger.after(REFERENCE) is None:
        raise never_comes(line)
    return trigger


def split_zone(expression: str) -> tuple[str, str | None]:
    """An expression in single spaces, and the zone that stood at its end."""
    words = expression.split()
    last = words[-1] if len(words) > 1 else ""
    if last in zone_names() or re.fullmatch(r"[A-Za-z_]+(/[A-Za-z_][A-Za-z_0-9+-]*)+", last):
        return " ".join(words[:-1]), last
    return " ".join(words), None


@dataclass(frozen=True)
class CronDays:
    """The days that the last three fields of an expression match."""

    day: str
    month: str
    weekday: str

    def __str__(self) -> str:
        return f"{self.day} {self.month} {self.weekday}"

    def first(self, day: int) -> int | None:
        begin = date.fromordinal(day + EPOCH_DAY)
        months = begin.year * 12 + begin.month - 1
        for month in range(months, months + HORIZON_MONTHS):
            for found in _days_in(self, month):
                if found >= day:
                    return found
        return None


def _fields(text: str) -> list[str]:
    if text.startswith("@"):
        if text.lower() not in ALIASES:
            known = ", ".join(ALIASES)
            raise TriggerError(f'unknown alias "{text}"{did_you_mean(text, ALIASES) or f": known are {known}"}')
        text = ALIASES[text.lower()]
    if re.match(r"(every|from)\b", text, re.IGNORECASE):
        raise TriggerError(f'"{text}" is English, not cron: write it with every(…)')
    fields = text.upper().split()
    if len(fields) not in (5, 6):
        count = "1 field" if len(fields) == 1 else f"{len(fields) or 'no'} fields"
        raise TriggerError(f'"{text}" has {count}: cron needs 5 (minute hour day month weekday), or 6, seconds first')
    return fields


@lru_cache(maxsize=8192)
def _times(fields: tuple[str, ...]) -> tuple[int, ...]:
    seconds, minutes, hours = (_values(index, field) for index, field in enumerate(fields))
    return tuple(h * 3600 + m * 60 + s for h in hours for m in minutes for s in seconds)


@lru_cache(maxsize=8192)
def _values(index: int, text: str) -> tuple[int, ...]:
    try:
        values = Field(index).parse(text)
    except CronSimError:
        raise TriggerError(_wrong(index, text)) from None
    return tuple(sorted(value for value in values if isinstance(value, int)))


def _wrong(index: int, text: str) -> str:
    hint = f" (it can be {_SPANS[index]}, with * , - /)"
    if "?" in text:
        hint = ': write "*" for "?"'
    elif match := re.search(r"(\d+)-(\d+)", text):
        if int(match[1]) > int(match[2]):
            hint = f": the range {match.group()} runs backwards, write it as two"
    elif index == 5 and (match := re.match(r"(SUN|MON|TUE|WED|THU|FRI|SAT)[A-Z]+$", text)):
        hint = f'; did you mean "{match[1]}"?'
    return f'the {FIELDS[index]} field "{text}" cannot be read{hint}'


@lru_cache(maxsize=8192)
def _days(rule: CronDays) -> Days:
    for index, text in zip((3, 4, 5), (rule.day, rule.month, rule.weekday), strict=True):
        _values(index, text)
    if rule == CronDays("*", "*", "*"):
        return EveryDay()
    if (rule.day, rule.month) == ("*", "*") and re.fullmatch(r"[A-Z0-7,-]+", rule.weekday) and "L" not in rule.weekday:
        return Weekdays(tuple(sorted({(value - 1) % 7 for value in _values(5, rule.weekday)})))
    try:
        _matcher(rule)
    except CronSimError:
        raise TriggerError(f'"{rule}" never comes: no such day is in those months') from None
    return rule


@lru_cache(maxsize=8192)
def _matcher(rule: CronDays) -> CronSim:
    return CronSim(f"0 0 {rule}", datetime(2026, 1, 1, tzinfo=UTC))


@lru_cache(maxsize=16_384)
def _days_in(rule: CronDays, month: int) -> tuple[int, ...]:
    matcher = _matcher(rule)
    if month % 12 + 1 not in matcher.months:
        return ()
    first, length = month_span(month // 12, month % 12 + 1)
    return tuple(day for day in range(first, first + length) if matcher.match_day(date.fromordinal(day + EPOCH_DAY)))
