"""Working days in London: how far apart two dates are for people who rest at weekends and bank holidays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
DAY = timedelta(days=1)
SATURDAY = 5


def day_of(at: datetime) -> date:
    """The date in London at that instant.

    >>> from datetime import UTC
    >>> day_of(datetime(2026, 6, 30, 23, 30, tzinfo=UTC))
    datetime.date(2026, 7, 1)
    """
    return at.astimezone(LONDON).date()


@dataclass(frozen=True)
class WorkingDays:
    """The calendar that deadlines are counted in. `day in working_days` tells whether a day is one."""

    holidays: frozenset[date]

    @classmethod
    def without(cls, holidays: Iterable[date]) -> WorkingDays:
        """All weekdays but these."""
        return cls(frozenset(holidays))

    def __contains__(self, day: date) -> bool:
        return day.weekday() < SATURDAY and day not in self.holidays

    def after(self, day: date, *, count: int) -> date:
        """The `count`-th working day after `day`; the day itself does not count."""
        while count:
            day += DAY
            count -= day in self
        return day

    def before(self, day: date, *, count: int) -> date:
        """The latest date from which `count` working days have come by `day`, `day` included.

        So "sent 20 working days ago or earlier" is one comparison of dates in SQL:
        `sent <= before(today, count=20)` holds exactly when `after(sent, count=20) <= today`.
        """
        while count:
            count -= day in self
            day -= DAY
        return day
