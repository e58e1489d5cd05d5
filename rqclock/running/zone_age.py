"""How old the zone data in force is: governments change their clocks at a few weeks' notice."""

from __future__ import annotations

from datetime import date

from rqclock.triggers import zone_data

MONTHS = 12


def zone_line(today: date) -> str:
    """Version and source of the zone data, with a warning when it is old."""
    version, source = zone_data()
    line = f"zone data: {version or 'of an unknown version'} ({source})"
    return f"{line}: OLD; update the tzdata package" if is_old(version, today) else line


def is_old(version: str, today: date) -> bool:
    """Whether a version such as "2026f" is of a year that ended more than 12 months ago.

    >>> is_old("2024b", date(2026, 1, 2)), is_old("2025a", date(2026, 11, 21))
    (True, False)
    """
    if not version[:4].isdecimal():
        return True
    return date(int(version[:4]) + 1, 12, 31) < today
