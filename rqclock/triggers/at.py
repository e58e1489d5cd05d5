"""The times of day of a line: "10:35", ":15", "**:30", "9:**", "Monday 16:00"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from rqclock.errors import TriggerError, did_you_mean
from rqclock.triggers.period import WEEKDAYS

_ENTRY = re.compile(r"(?:([A-Za-z]+)\s+)?(\d{1,2}|\*{1,2}|):(\d\d|\*\*)(?::(\d\d))?")
_WORDS = {day: index for index, day in enumerate(WEEKDAYS)} | {day[:3]: index for index, day in enumerate(WEEKDAYS)}


class At(NamedTuple):
    """One entry. None stands for any: any day, every hour, every minute."""

    weekday: int | None
    hour: int | None
    minute: int | None
    second: int = 0

    @property
    def is_fixed(self) -> bool:
        """Whether it names one moment of the day."""
        return self.hour is not None and self.minute is not None

    def __str__(self) -> str:
        day = "" if self.weekday is None else f"{WEEKDAYS[self.weekday].capitalize()} "
        hour = "**" if self.hour is None else f"{self.hour:02}"
        minute = "**" if self.minute is None else f"{self.minute:02}"
        return f"{day}{hour}:{minute}" + (f":{self.second:02}" if self.second else "")

    def times(self, step: int = 60) -> tuple[int, ...]:
        """The seconds of the day it stands for; where any minute will do, one every `step` seconds of the hour."""
        return _times(self._replace(weekday=None), step)


MIDNIGHT = At(None, 0, 0)


def read_at(at: str | Sequence[str] | None) -> tuple[At, ...]:
    """The entries of `at`, each once, in the order of the week.

    Raises TriggerError for a time that does not exist or is not one.
    """
    if at is None:
        return ()
    if not isinstance(at, (str, list, tuple)):
        raise TriggerError(f'at={at!r} is no time: write at="10:35", or a list of such')
    entries = [at] if isinstance(at, str) else list(at)
    if not entries:
        raise TriggerError('at=[] names no time: leave it out, or write at="10:35"')
    found = {_read(entry) for entry in entries}
    return tuple(sorted(found, key=lambda entry: [-1 if part is None else part for part in entry]))


@lru_cache(maxsize=8192)
def _read(text: str) -> At:
    match = _ENTRY.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise TriggerError(f"at={text!r} is no time: {_hint(str(text))}")
    day, hour, minute, second = match.groups()
    entry = At(
        weekday=None if day is None else _weekday(day, text),
        hour=_number(hour, highest=23, text=text),
        minute=_number(minute, highest=59, text=text),
        second=_number(second or "0", highest=59, text=text) or 0,
    )
    if entry.hour is None and entry.minute is None:
        raise TriggerError(f'at="{text}" names every minute: write every("minute") without at')
    return entry


def _number(digits: str, *, highest: int, text: str) -> int | None:
    if not digits.isdecimal():
        return None
    if int(digits) > highest:
        instead = '; midnight is "00:00", of the day that it begins' if digits == "24" else ""
        raise TriggerError(f'at="{text}": there is no such time, {digits} is above {highest}{instead}')
    return int(digits)


def _weekday(word: str, text: str) -> int:
    if word.lower() not in _WORDS:
        raise TriggerError(f'at="{text}": unknown weekday "{word}"{did_you_mean(word, map(str.capitalize, _WORDS))}')
    return _WORDS[word.lower()]


def _hint(text: str) -> str:
    word = text.strip().lower()
    if word in _WORDS:
        return f'a weekday alone is a period: every("{word}", at="09:00")'
    if re.search(r"\d\s*[ap]\.?m\.?$", word):
        return 'write the 24-hour clock, such as "16:30"'
    if len([day for day in word.replace(",", " ").split() if day in _WORDS]) > 1:
        return 'one weekday each: at=["Monday 16:00", "Tuesday 16:00"]'
    return 'write "10:35", ":15", "9:**" or "Monday 16:00"'


@lru_cache(maxsize=8192)
def _times(entry: At, step: int) -> tuple[int, ...]:
    hours = range(24) if entry.hour is None else (entry.hour,)
    within = range(entry.second, 3600, step) if entry.minute is None else (entry.minute * 60 + entry.second,)
    return tuple(h * 3600 + s for h in hours for s in within)
