"""Times and lengths as people type them, behind an option or as an argument: read in one way by all commands.

A time without an offset is meant in a zone. Those from 1970 to 2200 can be used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import click

from rqclock.errors import ConfigurationError
from rqclock.store.ticks import YEARS, local
from rqclock.timetable.policies import seconds
from rqclock.triggers.zones import zone

MINUTE = 60
CLOCK_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?(Z|[+-]\d{2}:?\d{2})?", re.ASCII)
WITH_SECONDS = re.compile(r"\d{1,2}:\d{2}:\d{2}|T\d{6}")
EXAMPLES = '2026-11-23T08:00, 08:00 or "2 hours"'
END = int(datetime(YEARS.stop, 1, 1, tzinfo=UTC).timestamp())


def coming(text: str, timezone: str, now: float, *, option: str | None = None) -> int:
    """The instant of a time to come (`08:00`: the next), or a length (`2 hours`) ahead.

    Raises click.BadParameter, which names the option.
    """
    with _naming(option):
        return _instant(text, timezone, now, sign=1)


def past(text: str, timezone: str, now: float, *, option: str | None = None) -> int:
    """The instant of a time past (`08:00`: the last one), or a length ago. Raises click.BadParameter likewise."""
    with _naming(option):
        return _instant(text, timezone, now, sign=-1)


@contextmanager
def _naming(option: str | None) -> Iterator[None]:
    try:
        yield
    except click.BadParameter as error:
        error.param_hint = option
        raise


def spans(text: str, timezone: str, now: float) -> list[tuple[int, int]]:
    """The seconds that a time means, first and last: one, or those of its minute, of today if it names no day.

    Two spans when that time came twice, because the clocks went back. A length (`2 hours`) means the minute that was so
    long ago. Raises click.BadParameter.
    """
    at = _today(text, timezone, now) or _iso(text)
    if at is None and " " in text.strip():
        ago = past(text, timezone, now)
        return [(ago - ago % MINUTE, ago - ago % MINUTE + MINUTE - 1)]
    if at is None or (at.hour == at.minute == 0 and ":" not in text and "T" not in text):
        raise click.BadParameter(f"{text!r} is not a time such as {EXAMPLES}")
    width = 0 if WITH_SECONDS.search(text) or at.second else MINUTE - 1
    return [(start, start + width) for start in _instants(at, timezone)]


def _instant(text: str, timezone: str, now: float, *, sign: int) -> int:
    at = _today(text, timezone, now)
    if at is not None:
        near = [one for day in (0, sign) for one in _instants(at + timedelta(days=day), timezone)]
        return min((one for one in near if (one - now) * sign > 0), key=lambda one: abs(one - now))
    found = _iso(text)
    return _instants(found, timezone)[0] if found is not None else _kept(int(now) + sign * _length(text), text)


def _today(text: str, timezone: str, now: float) -> datetime | None:
    """Today's time of day, with its offset if it has one; None for a text that is none."""
    match = CLOCK_TIME.fullmatch(text)
    if match is None:
        return None
    hour, minute, second = (int(part or 0) for part in match.groups()[:3])
    try:
        offset = datetime.strptime(match[4], "%z").tzinfo if match[4] else None
        today = datetime.fromtimestamp(now, offset) if offset else local(now, timezone).replace(tzinfo=None, fold=0)
        return today.replace(hour=hour, minute=minute, second=second, microsecond=0)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no time of a day") from None


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _length(text: str) -> int:
    try:
        return seconds("length", text)
    except (ConfigurationError, ValueError):  # Python itself refuses numbers of thousands of digits
        raise click.BadParameter(f"{text!r} is neither a time nor a length: say {EXAMPLES}") from None


def _instants(at: datetime, timezone: str) -> list[int]:
    """The instants of a time: two where it comes twice."""
    if at.year not in YEARS:  # at the ends of datetime's own range an offset would overflow it
        raise _far(str(at))
    if at.tzinfo is not None:
        return [_kept(int(at.timestamp()), str(at))]
    folded = (at.replace(tzinfo=zone(timezone).info, fold=fold) for fold in (0, 1))
    both = sorted({_kept(int(one.timestamp()), str(at)) for one in folded})
    return [one for one in both if local(one, timezone).replace(tzinfo=None) == at] or both[-1:]


def _kept(instant: int, text: str) -> int:
    if not 0 <= instant < END:
        raise _far(text)
    return instant


def _far(text: str) -> click.BadParameter:
    return click.BadParameter(f"{text!r} is out of range: times from {YEARS[0]} to {YEARS[-1]} can be used")
