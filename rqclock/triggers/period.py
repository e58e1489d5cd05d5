"""The first word of a line: how often. "10 minutes", "day", "monday", "working day", a timedelta."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from rqclock.errors import TriggerError, did_you_mean

SECONDS = {"second": 1, "minute": 60, "hour": 3600}
CALENDAR_UNITS = ("day", "week", "month", "year")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
KINDS_OF_DAY = ("weekday", "working day", *WEEKDAYS)

# Words that people write for a period of ours.
_INSTEAD = {
    "fortnight": "2 weeks",
    "quarter": "3 months",
    "workday": "working day",
    "business day": "working day",
    "bank day": "working day",
    "sec": "second",
    "min": "minute",
    "hr": "hour",
    "daily": "day",
    "hourly": "hour",
    "weekly": "week",
    "monthly": "month",
    "yearly": "year",
}
_LETTERS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks", "mins": "minutes", "hrs": "hours"}


@dataclass(frozen=True)
class Period:
    """`count` times `unit`; a named kind of day counts once."""

    count: int
    unit: str

    @property
    def is_interval(self) -> bool:
        """Whether it is made of seconds, not of days."""
        return self.unit in SECONDS

    @property
    def seconds(self) -> int:
        return self.count * SECONDS[self.unit]

    def __str__(self) -> str:
        name = self.unit.capitalize() if self.unit in WEEKDAYS else self.unit
        return name if self.count == 1 else f"{self.count} {self.unit}s"


def read_period(period: str | timedelta) -> Period:
    """The period that a line names.

    Raises TriggerError for an unknown unit, or a length that is not a positive whole number.
    """
    return _from_timedelta(period) if isinstance(period, timedelta) else _from_words(period)


@lru_cache(maxsize=1024)
def _from_words(text: str) -> Period:
    if not isinstance(text, str):
        raise TriggerError(f'a period is a text such as "10 minutes" or a timedelta, not {text!r}')
    match = re.fullmatch(r"(?:every\s+)?(?:([-+]?[\d.,]+)\s*)?([a-z][a-z ]*?)", " ".join(text.lower().split()))
    if match is None:
        raise TriggerError(f'"{text}" is no period: write "10 minutes", "hour", "day", "monday" or "working day"')
    count, unit = _count(match[1], text), _unit(match[2], text)
    if unit in KINDS_OF_DAY and match[1] is not None and count != 1:
        raise TriggerError(f'"{text}" is not countable: write "{unit}"{_weeks_hint(unit, count)}')
    return Period(count, unit)


def _count(digits: str | None, text: str) -> int:
    if digits is None:
        return 1
    if not digits.isdecimal():
        raise TriggerError(f'"{text}" is no period: the number must be a whole one above 0 (90 minutes, not 1.5 hours)')
    if int(digits) == 0:
        raise TriggerError(f'"{text}" is no period: it has no length')
    return int(digits)


def _unit(word: str, text: str) -> str:
    known = (*SECONDS, *CALENDAR_UNITS, *KINDS_OF_DAY)
    for unit in (word, word.removesuffix("s")):
        if unit in known:
            return unit
        if unit in _INSTEAD:
            raise TriggerError(f'unknown unit in "{text}"; did you mean "{_INSTEAD[unit]}"?')
    if word in _LETTERS:
        raise TriggerError(f'unknown unit in "{text}"; did you mean "{text.rstrip(word)} {_LETTERS[word]}"?')
    if short := next((day for day in WEEKDAYS if day[:3] == word), None):
        return short
    raise TriggerError(f'unknown unit in "{text}"{did_you_mean(word.removesuffix("s"), known)}')


def _weeks_hint(unit: str, count: int) -> str:
    return f', or "{count} weeks" with at="{unit.capitalize()} 09:00"' if unit in WEEKDAYS else ""


def _from_timedelta(length: timedelta) -> Period:
    seconds = length.total_seconds()
    if seconds <= 0 or seconds != int(seconds):
        raise TriggerError(f"a period of {length} cannot be used: it must be a whole number of seconds above 0")
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds % size == 0:
            return Period(int(seconds) // size, unit)
    raise AssertionError("a whole number of seconds is a multiple of one")
