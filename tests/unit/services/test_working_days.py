"""Deadlines are counted in working days: the two directions must agree, whatever the calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.working_days import WorkingDays, day_of

DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))
CHRISTMAS = WorkingDays.without([date(2026, 12, 25), date(2026, 12, 28), date(2027, 1, 1)])


@given(DAYS, st.lists(DAYS, max_size=40), st.integers(0, 45), st.integers(-90, 5))
def test_an_application_is_late_in_sql_exactly_when_its_deadline_has_come(
    today: date, holidays: list[date], count: int, age: int
) -> None:
    days, sent = WorkingDays.without(holidays), today + timedelta(days=age)
    assert (sent <= days.before(today, count=count)) == (days.after(sent, count=count) <= today)


def test_weekends_and_bank_holidays_are_not_counted() -> None:
    assert CHRISTMAS.after(date(2026, 12, 24), count=1) == date(2026, 12, 29)
    assert CHRISTMAS.after(date(2026, 12, 24), count=4) == date(2027, 1, 4)


def test_the_day_of_sending_is_not_counted_even_at_a_weekend() -> None:
    friday, saturday, monday = date(2026, 6, 5), date(2026, 6, 6), date(2026, 6, 8)
    assert WorkingDays.without([]).after(friday, count=1) == WorkingDays.without([]).after(saturday, count=1) == monday


def test_an_evening_in_utc_is_already_tomorrow_in_a_london_summer() -> None:
    assert day_of(datetime(2026, 7, 14, 23, 5, tzinfo=UTC)) == date(2026, 7, 15)
    assert day_of(datetime(2026, 12, 14, 23, 5, tzinfo=UTC)) == date(2026, 12, 14)
