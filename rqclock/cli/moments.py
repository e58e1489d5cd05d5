"""Times and lengths as people type them behind an option."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import click

from rqclock.errors import ConfigurationError
from rqclock.store.ticks import local
from rqclock.timetable.policies import seconds
from rqclock.triggers.zones import zone

MINUTE = 60
CLOCK_TIME = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")
WITH_SECONDS = re.compile(r"\d{1,2}:\d{2}:\d{2}|T\d{6}")
EXAMPLES = '2026-11-23T08:00, 08:00 or "2 hours"'


def coming(text: str, timezone: str, now: float) -> int:
    """The instant of a time to come (`08:00`: the next), or a length (`2 hours`) ahead. Raises click.BadParameter."""
    return _instant(text, timezone, now, sign=1)


def past(text: str, timezone: str, now: float) -> int:
    """The instant of a time past (`08:00`: the last one), or a length ago. Raises click.BadParameter."""
    return _instant(text, timezone, now, sign=-1)


def spans(text: str, timezone: str, now: float) -> list[tuple[int, int]]:
    """The seconds that a time means, first and last: one, or those of its minute, of today if it names no day.

    Two spans when that time came twice, because the clocks went back. Raises click.BadParameter.
    """
    at = _today(text, timezone, now) if CLOCK_TIME.fullmatch(text) else _iso(text)
    if at is None or (at.hour == at.minute == 0 and ":" not in text and "T" not in text):
        raise click.BadParameter(f"{text!r} is not a time such as 2026-11-23T08:00, or 08:00 for today")
    width = 0 if WITH_SECONDS.search(text) or at.second else MINUTE - 1
    return [(start, start + width) for start in _instants(at, timezone)]


def _instants(at: datetime, timezone: str) -> list[int]:
    if at.tzinfo is not None:
        return [int(at.timestamp())]
    info = zone(timezone).info
    both = sorted({int(at.replace(tzinfo=info, fold=fold).timestamp()) for fold in (0, 1)})
    return [one for one in both if local(one, timezone).replace(tzinfo=None) == at] or both[-1:]


def _instant(text: str, timezone: str, now: float, *, sign: int) -> int:
    if CLOCK_TIME.fullmatch(text):
        at = _today(text, timezone, now)
        days = [at + timedelta(days=day) for day in (0, sign)]
        instants = [_instants(day, timezone)[0] for day in days]
        return next(one for one in instants if (one - now) * sign > 0)
    found = _iso(text)
    if found is not None:
        return _instants(found, timezone)[0]
    try:
        return int(now) + sign * seconds("length", text)
    except ConfigurationError:
        raise click.BadParameter(f"{text!r} is neither a time nor a length: say {EXAMPLES}") from None


def _today(text: str, timezone: str, now: float) -> datetime:
    try:
        parts = [int(part) for part in text.split(":")]
        return local(now, timezone).replace(
            hour=parts[0], minute=parts[1], second=parts[2] if parts[2:] else 0, microsecond=0, tzinfo=None, fold=0
        )
    except ValueError:
        raise click.BadParameter(f"{text!r} is no time of a day") from None


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
