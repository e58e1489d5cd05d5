"""Instants and lengths of time as people read them. Pure: `now` is always an argument, instants are epoch seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

STEPS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


def relative(instant: float, *, now: float) -> str:
    """
    >>> relative(1000, now=910), relative(1000, now=8500), relative(1000, now=1000)
    ('in 1 minute 30 seconds', '2 hours 5 minutes ago', 'now')
    """
    seconds = round(instant - now)
    if seconds == 0:
        return "now"
    return f"in {_span(seconds)}" if seconds > 0 else f"{_span(-seconds)} ago"


def _span(seconds: int) -> str:
    """The two largest units; the smaller one only where the larger is small enough for it to matter."""
    parts = []
    for unit, size in STEPS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}{'' if count == 1 else 's'}")
            if count >= 5 or len(parts) == 2:
                break
        elif parts:
            break
    return " ".join(parts)


def length(seconds: float) -> str:
    """
    >>> length(0.004), length(0.2149), length(12.3), length(75), length(7260)
    ('4 ms', '0.21 s', '12 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 0.1:
        return f"{max(round(seconds * 1000), 0)} ms"
    if seconds < 10:
        return f"{seconds:.2f}".rstrip("0").rstrip(".") + " s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    if whole < 48 * 3600:
        return f"{whole // 3600} h {whole % 3600 // 60} min" if whole % 3600 >= 60 else f"{whole // 3600} h"
    return f"{whole // 86400} days"


def late_by(seconds: float | None) -> str:
    """How late something began; under a second nobody means it."""
    if seconds is None:
        return ""
    return "on time" if seconds < 1 else length(seconds)


def zone_of(name: str) -> ZoneInfo:
    """The zone, or UTC for a name that this machine does not know: a page must not fail by it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def local(instant: float, *, zone: str, now: float) -> str:
    """Day and time in the zone: `today 10:35`, `tomorrow 00:05`, `Mon 23 Nov 10:35`, with the year when it differs."""
    at, today = (datetime.fromtimestamp(value, zone_of(zone)) for value in (instant, now))
    return f"{_day(at, today=today)} {clock_time(instant, zone=zone)}"


def clock_time(instant: float, *, zone: str) -> str:
    """`10:35`, or `10:35:20` where there are seconds."""
    at = datetime.fromtimestamp(instant, zone_of(zone))
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"


def _day(at: datetime, *, today: datetime) -> str:
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}
    days = (at.date() - today.date()) // timedelta(days=1)
    if days in near:
        return near[days]
    return f"{at:%a} {at.day} {at:%b}" + ("" if at.year == today.year else f" {at.year}")


def beside(instant: float, *, other: float, zone: str, now: float) -> str:
    """The time alone where `other`, which stands beside it, is of the same day."""
    days = [datetime.fromtimestamp(value, zone_of(zone)).date() for value in (instant, other)]
    return clock_time(instant, zone=zone) if days[0] == days[1] else local(instant, zone=zone, now=now)


def zone_name(instant: float, *, zone: str) -> str:
    """`GMT`, `BST`, or `UTC+5:30` for zones without a name of their own."""
    name = datetime.fromtimestamp(instant, zone_of(zone)).strftime("%Z")
    return f"UTC{name}" if name[:1] in "+-" else name


def utc(instant: float) -> str:
    """`2026-11-23 10:35:00 UTC`, for titles and for comparing with logs."""
    return f"{datetime.fromtimestamp(instant, UTC):%Y-%m-%d %H:%M:%S} UTC"


def iso(instant: float) -> str:
    """`2026-11-23T10:35:00+00:00`, for the `datetime` of `<time>`."""
    return datetime.fromtimestamp(int(instant), UTC).isoformat()
