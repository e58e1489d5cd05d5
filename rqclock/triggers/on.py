"""The day of a month or year: 15, "last day", "first working day", "first Monday", "25 December"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from rqclock.errors import TriggerError, did_you_mean
from rqclock.triggers.days import DayOfMonth
from rqclock.triggers.period import WEEKDAYS

ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}
MONTHS = tuple(date(2000, month, 1).strftime("%B").lower() for month in range(1, 13))
LEAP_YEAR = 2000

On = str | int | Sequence[str | int]


class OnDay(NamedTuple):
    """One entry: its canonical words, its day, and its month (0 is January) where it names one."""

    words: str
    day: DayOfMonth
    month: int | None = None


def read_on(on: On | None, *, calendar: Callable[[], str]) -> tuple[OnDay, ...]:
    """The entries of `on`. `calendar` gives the code of the holiday calendar, and is asked only for working days.

    Raises TriggerError for a day that is in no month.
    """
    if on is None:
        return ()
    entries = [on] if isinstance(on, str | int) else list(on)
    if not entries:
        raise TriggerError('on=[] names no day: leave it out, or write on="last day"')
    found = {(day := _read(entry, calendar)).words: day for entry in entries}
    return tuple(found.values())


def _read(entry: str | int, calendar: Callable[[], str]) -> OnDay:
    text = " ".join(str(entry).lower().split())
    if match := re.fullmatch(r"(-?\d+)(?:st|nd|rd|th)?", text):
        return _numbered(int(match[1]), entry)
    if match := re.fullmatch(r"(\d+) ([a-z]+)", text):
        return _dated(int(match[1]), word=match[2], entry=entry)
    if match := re.fullmatch(r"([a-z]+) ([a-z ]+)", text):
        return _ordinal(match[1], kind=match[2], entry=entry, calendar=calendar)
    raise TriggerError(f"on={entry!r} is no day: {_EXAMPLES}")


_EXAMPLES = 'write a number from 1 to 31, "last day", "first working day", "first Monday" or, for a year, "25 December"'


def _numbered(day: int, entry: str | int) -> OnDay:
    if not 1 <= day <= 31:
        raise TriggerError(f"on={entry!r}: no month has that day; {_EXAMPLES}")
    return OnDay(_with_suffix(day), DayOfMonth(day - 1))


def _dated(day: int, *, word: str, entry: str | int) -> OnDay:
    names = [name for name in MONTHS if word in (name, name[:3])]
    if not names:
        raise TriggerError(f'on={entry!r}: unknown month "{word}"{did_you_mean(word, MONTHS)}')
    month = MONTHS.index(names[0])
    try:
        date(LEAP_YEAR, month + 1, day)
    except ValueError:
        raise TriggerError(f"on={entry!r}: there is no such day in {names[0].capitalize()}") from None
    return OnDay(f"{day} {names[0].capitalize()}", DayOfMonth(day - 1), month)


def _ordinal(ordinal: str, *, kind: str, entry: str | int, calendar: Callable[[], str]) -> OnDay:
    if ordinal not in ORDINALS:
        raise TriggerError(f"on={entry!r}: {_EXAMPLES}{did_you_mean(ordinal, ORDINALS)}")
    weekdays = {name: index for index, day in enumerate(WEEKDAYS) for name in (day, day[:3])}
    index = ORDINALS[ordinal]
    if kind in weekdays:
        weekday = weekdays[kind]
        return OnDay(f"{ordinal} {WEEKDAYS[weekday].capitalize()}", DayOfMonth(index, weekday=weekday))
    if kind == "working day":
        return OnDay(f"{ordinal} working day", DayOfMonth(index, calendar=calendar()))
    if kind == "day":
        return OnDay(f"{ordinal} day", DayOfMonth(index))
    raise TriggerError(f"on={entry!r}: {_EXAMPLES}{did_you_mean(kind, ('day', 'working day', *WEEKDAYS))}")


def _with_suffix(day: int) -> str:
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th") if day not in (11, 12, 13) else "th"
    return f"{day}{suffix}"
