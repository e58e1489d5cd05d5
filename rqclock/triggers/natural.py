"""English phrases for schedules, as the YAML files of GoodJob and Solid Queue hold them: "every day at 5am".

A phrase means what the Ruby library Fugit makes of it, so that a file says here what it said there. Phrases of fixed
times become lines of ours; those with a cadence, or of every few days, become the cron expression that Fugit names.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rqclock.errors import TriggerError, did_you_mean
from rqclock.triggers.cron import cron, split_zone
from rqclock.triggers.every import every
from rqclock.triggers.interval import IntervalTrigger
from rqclock.triggers.period import WEEKDAYS
from rqclock.triggers.rules import Rules, in_zone
from rqclock.triggers.wall import WallTrigger

_UNITS = {
    "second": ("s", "sec", "secs", "second", "seconds"),
    "minute": ("m", "min", "mins", "minute", "minutes"),
    "hour": ("h", "hr", "hrs", "hour", "hours"),
    "day": ("d", "day", "days"),
    "week": ("w", "week", "weeks"),
    "month": ("M", "month", "months"),
    "year": ("y", "year", "years"),
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words}
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_DAYS = {name: index for index, day in enumerate(WEEKDAYS) for name in (day, day + "s", day[:3])}
_DAYS |= {"tues": 1, "thur": 3, "thurs": 3}
_EXAMPLES = '"every day at 5am", "every 15 minutes", "every monday and friday at 9:30", "every hour at minute 12"'


class Times(NamedTuple):
    """The times of a phrase as "HH:MM", or the minutes of "at minute 12"."""

    at: list[str]
    minutes: list[int]


def natural(text: str, *, rules: Rules) -> IntervalTrigger | WallTrigger:
    """The trigger for a phrase, a cron expression or an alias, with or without a zone at its end.

    Raises TriggerError when it is none of them.
    """
    if not isinstance(text, str):
        raise TriggerError(f"a schedule is a text, not {text!r}")
    phrase, tz = split_zone(text)
    if not re.match(r"(every|from)\b", phrase, re.IGNORECASE):
        return cron(text, rules=rules)
    phrase = re.sub(r"^from\b", "every", re.sub(r"\s+(in|on)$", "", phrase))
    subject, times = _halves(phrase)
    try:
        return _trigger(subject, times=times, rules=in_zone(rules, tz))
    except _NotUnderstood:
        hint = did_you_mean(subject, [*_UNIT_OF, *_DAYS, "weekday"])
        instead = hint or f": write a cron expression, or {_EXAMPLES}"
        raise TriggerError(f'"{text}" is not understood{instead}') from None


class _NotUnderstood(Exception):
    """The phrase has no reading."""


def _halves(phrase: str) -> tuple[str, str]:
    """What stands between "every" and "at", and what stands after it."""
    match = re.fullmatch(r"every\s*(.*?)(?:\s+at\s+(.+)|\s+(noon|midnight))?", phrase, re.IGNORECASE)
    assert match is not None  # the caller looked at the first word
    return match[1], (match[2] or match[3] or "").lower()


def _trigger(subject: str, *, times: str, rules: Rules) -> IntervalTrigger | WallTrigger:
    at = _times(times)
    if match := re.fullmatch(r"(\d+)?\s*([A-Za-z]+)", subject):
        count, unit = match[1], _UNIT_OF.get(match[2] if match[2] == "M" else match[2].lower())
        if unit:
            return _by_unit(unit, count=int(count or 1), times=at, rules=rules)
    if at.minutes:
        raise _NotUnderstood
    named = subject.lower()
    if dates := _month_days(named):
        return every("month", on=dates, at=at.at, rules=rules)
    if named in ("weekday", "weekdays"):
        return every("weekday", at=at.at, rules=rules)
    days = _weekdays(named)
    if len(days) == 1:
        return every(WEEKDAYS[days[0]], at=at.at, rules=rules)
    return every("week", at=[f"{WEEKDAYS[day]} {time}" for day in days for time in at.at], rules=rules)


def _by_unit(unit: str, *, count: int, times: Times, rules: Rules) -> IntervalTrigger | WallTrigger:
    if unit == "minute" and count % 60 == 0:
        unit, count = "hour", count // 60
    limit = {"second": 60, "minute": 60, "hour": 24, "day": 31, "week": 2, "month": 12, "year": 2}[unit]
    if not 0 < count < limit or (times.minutes and unit != "hour"):
        raise _NotUnderstood
    star = "*" if count == 1 else f"*/{count}"
    if unit in ("second", "minute", "hour"):
        return cron(_cadence(unit, star=star, times=times), rules=rules)
    if count == 1:
        period = {"week": "sunday"}.get(unit, unit)  # Fugit's week begins on Sunday
        return every(period, at=times.at, rules=rules)
    minute, hours = _one_minute(times)
    return cron(f"{minute} {hours} {f'{star} *' if unit == 'day' else f'1 {star}'} *", rules=rules)


def _cadence(unit: str, *, star: str, times: Times) -> str:
    if unit == "hour":
        return f"{','.join(map(str, times.minutes or [0]))} {star} * * *"
    if times.at != ["00:00"]:
        raise _NotUnderstood
    return f"{star} * * * *" if unit == "minute" else f"{star} * * * * *"


def _one_minute(times: Times) -> tuple[int, str]:
    """The minute that all times share, and their hours: what one cron expression can hold."""
    minutes = {int(time[3:]) for time in times.at}
    if len(minutes) > 1:
        raise _NotUnderstood
    return minutes.pop(), ",".join(str(int(time[:2])) for time in times.at)


def _times(text: str) -> Times:
    if match := re.fullmatch(r"minutes?\s+(.+)", text):
        minutes = _split(match[1])
        if not all(minute.isdecimal() and int(minute) < 60 for minute in minutes):
            raise _NotUnderstood
        return Times(["00:00"], [int(minute) for minute in minutes])
    return Times([_time(word) for word in _split(text)] or ["00:00"], [])


def _time(word: str) -> str:
    if word in ("noon", "midnight"):
        return "12:00" if word == "noon" else "00:00"
    match = re.fullmatch(r"(\d{1,2}|[a-z]+?)(?::(\d\d))?\s*(am|pm)?", word)
    if match is None or not (match[1].isdecimal() or match[1] in _NUMBERS):
        raise _NotUnderstood
    hour = int(match[1]) if match[1].isdecimal() else _NUMBERS.index(match[1])
    if match[3]:
        if not 1 <= hour <= 12:
            raise _NotUnderstood
        hour = hour % 12 + (12 if match[3] == "pm" else 0)
    return f"{hour:02}:{match[2] or '00'}"


def _weekdays(text: str) -> list[int]:
    if text in ("weekend", "weekends"):
        return [5, 6]
    if match := re.fullmatch(r"(\w+)\s*(?:to|through|-)\s*(\w+)", text):
        first, last = _weekday(match[1]), _weekday(match[2])
        return [(first + step) % 7 for step in range((last - first) % 7 + 1)]
    return [_weekday(word) for word in _split(text) or [text]]


def _weekday(word: str) -> int:
    if word not in _DAYS:
        raise _NotUnderstood
    return _DAYS[word]


def _month_days(text: str) -> list[str | int]:
    """The days of "1st and 15th of the month" or "month on the last day"; empty for any other phrase."""
    match = re.fullmatch(r"month on (?:the |days? )?(.+?)(?: of the month)?", text)
    match = match or re.fullmatch(r"(.+?)(?: day)? of (?:the|each|every) month", text)
    words = _split(re.sub(r"\bthe\b|\bdays?\b", " ", match[1])) if match else []
    if not all(re.fullmatch(r"last|first|\d+(?:st|nd|rd|th)?", word) for word in words):
        raise _NotUnderstood
    return [f"{word} day" if word in ("last", "first") else word for word in words]


def _split(text: str) -> list[str]:
    return [word.strip() for word in re.split(r",|\band\b|\bor\b|&", text) if word.strip()]
