"""Working days: public holidays and weekends of a country or a part of it, from the `holidays` package.

Days are counted from 1 January 1970, like everywhere below the edges. The package is loaded at first use: a clock
without working days starts a third of a second sooner.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from rqclock.errors import TriggerError, did_you_mean

if TYPE_CHECKING:
    from holidays import HolidayBase

EPOCH_DAY = date(1970, 1, 1).toordinal()
LONGEST_CLOSURE = 40  # days; beyond it a search for a working day is a mistake in the calendar

# A country whose parts differ, where the zone's own city says which part is meant.
PARTS = {"GB": "GB-ENG"}

# What people call a country whose code is another.
USUAL = {"UK": "GB", "EN": "GB-ENG", "ENGLAND": "GB-ENG", "SCOTLAND": "GB-SCT", "WALES": "GB-WLS", "USA": "US"}


class Calendar:
    """The holidays and weekends of `code`: a country ("FR") or a part of one ("GB-ENG")."""

    def __init__(self, code: str, days: HolidayBase) -> None:
        self.code = code
        self._days = days

    def holiday(self, day: int) -> str | None:
        """The name of the public holiday on that day, if it is one."""
        name = self._days.get(date.fromordinal(day + EPOCH_DAY))
        return str(name) if name else None

    def is_weekend(self, day: int) -> bool:
        return (day + 3) % 7 in self._days.weekend

    def is_working(self, day: int) -> bool:
        return not self.is_weekend(day) and self.holiday(day) is None

    def working_day(self, day: int, *, step: int) -> int:
        """The nearest working day from `day` on (step 1) or back (step -1)."""
        for distance in range(LONGEST_CLOSURE):
            if self.is_working(day + step * distance):
                return day + step * distance
        raise TriggerError(f"the calendar {self.code} has no working day in {LONGEST_CLOSURE} days")


@lru_cache(maxsize=256)
def calendar(code: str) -> Calendar:
    """The calendar called `code`.

    Raises TriggerError, with the nearest code, when there is none.
    """
    import holidays

    country, _, part = code.partition("-")
    known = holidays.list_supported_countries(include_aliases=False)
    if country not in known or (part and part not in known[country]):
        raise TriggerError(f'unknown holiday calendar "{code}"{_nearest(code, known)}')
    return Calendar(code, holidays.country_holidays(country, subdiv=part or None))


def calendar_of_zone(tz: str) -> Calendar:
    """The calendar of the country that a time zone lies in.

    Raises TriggerError for a zone without a country, such as UTC.
    """
    country = _countries().get(tz) or _countries().get(_aliases().get(tz, ""))
    if country is None:
        raise TriggerError(f'the zone {tz} belongs to no country: say whose working days, such as calendar="GB-ENG"')
    return calendar(PARTS.get(country, country))


def _nearest(code: str, known: dict[str, list[str]]) -> str:
    named, dash, part = code.upper().partition("-")
    meant = USUAL.get(named, named) + dash + part
    country = meant.partition("-")[0]
    parts = [f"{country}-{part}" for part in known.get(country, [])]
    codes = [country, *parts] if country in known else sorted(known)
    hint = did_you_mean(meant, codes)
    return hint or f": write a country or part of one, such as {', '.join(codes[:4])}"


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    """Zone to country, by tzdata's own table; the first country where a zone serves several."""
    found: dict[str, str] = {}
    for table in ("zone1970.tab", "zone.tab"):
        for line in _zone_table(table):
            if match := re.match(r"([A-Z]{2})[A-Z,]*\t\S+\t(\S+)", line):
                found.setdefault(match[2], match[1])
    return found


@lru_cache(maxsize=1)
def _aliases() -> dict[str, str]:
    """Old names of zones, such as Asia/Calcutta, to their present ones."""
    links = [line.split() for line in _zone_table("tzdata.zi") if line.startswith("L ")]
    return {old: new for _, new, old in links}


def _zone_table(name: str) -> list[str]:
    return files("tzdata").joinpath("zoneinfo", name).read_text(encoding="utf-8").splitlines()
