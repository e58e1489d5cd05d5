"""Working days, holidays, and the runs that holidays move or skip."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from rqclock.calendars import EPOCH_DAY, calendar, calendar_of_zone
from rqclock.errors import TriggerError
from rqclock.triggers import Rules, Trigger, cron, every

LONDON = Rules(tz="Europe/London")


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal() - EPOCH_DAY


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def runs(trigger: Trigger, start: str, count: int) -> list[str]:
    found, tick = [], trigger.after(seconds(start) - 1)
    for _ in range(count):
        assert tick is not None
        found.append(datetime.fromtimestamp(tick, ZoneInfo(trigger.tz)).strftime("%a %d %b %H:%M"))
        tick = trigger.after(tick)
    return found


def rules(**chosen: str) -> Rules:
    return Rules(**{"tz": "Europe/London", **chosen})


def test_a_holiday_is_a_run_that_is_skipped_by_name_and_a_weekend_is_none() -> None:
    trigger = every("working day", at="10:35", rules=LONDON)
    assert runs(trigger, "2026-12-24", 4) == [
        "Thu 24 Dec 10:35",
        "Fri 25 Dec 10:35",
        "Mon 28 Dec 10:35",
        "Tue 29 Dec 10:35",
    ]
    assert trigger.veto(seconds("2026-12-24T10:35")) is None
    assert trigger.veto(seconds("2026-12-25T10:35")) == "holiday: Christmas Day"
    assert trigger.veto(seconds("2026-12-28T10:35")) == "holiday: Boxing Day (observed)"


def test_a_weekday_knows_no_holidays() -> None:
    trigger = every("weekday", at="10:35", rules=LONDON)
    assert runs(trigger, "2026-12-24", 3) == ["Thu 24 Dec 10:35", "Fri 25 Dec 10:35", "Mon 28 Dec 10:35"]
    assert trigger.veto(seconds("2026-12-25T10:35")) is None


def test_the_first_working_day_is_after_the_holiday() -> None:
    trigger = every("month", on="first working day", at="09:00", rules=LONDON)
    assert runs(trigger, "2026-12-15", 3) == ["Mon 04 Jan 09:00", "Mon 01 Feb 09:00", "Mon 01 Mar 09:00"]
    assert trigger.veto(seconds("2027-01-04T09:00")) is None
    assert trigger.note(seconds("2027-01-04T09:00")) == "moved from 1 Jan 2027: New Year's Day"
    assert trigger.note(seconds("2027-02-01T09:00")) is None


def test_the_last_working_day_is_before_weekend_and_holiday() -> None:
    trigger = every("month", on="last working day", at="17:00", rules=LONDON)
    assert runs(trigger, "2026-05-01", 2) == ["Fri 29 May 17:00", "Tue 30 Jun 17:00"]
    assert runs(trigger, "2027-05-01", 1) == ["Fri 28 May 17:00"]
    assert trigger.note(seconds("2027-05-28T16:00")) == "moved from 31 May 2027: Spring Bank Holiday"


def test_a_run_on_a_holiday_moves_to_the_next_working_day_and_says_so() -> None:
    trigger = every("monday", at="09:00", rules=rules(if_holiday="next"))
    assert runs(trigger, "2026-03-30", 3) == ["Mon 30 Mar 09:00", "Tue 07 Apr 09:00", "Mon 13 Apr 09:00"]
    assert trigger.note(seconds("2026-04-07T08:00")) == "moved from 6 Apr 2026: Easter Monday"
    assert trigger.note(seconds("2026-04-13T08:00")) is None


def test_a_run_on_a_holiday_moves_back_over_the_weekend() -> None:
    trigger = every("monday", at="09:00", rules=rules(if_holiday="previous"))
    assert runs(trigger, "2026-03-31", 2) == ["Thu 02 Apr 09:00", "Mon 13 Apr 09:00"]  # Good Friday is one, too


def test_two_runs_that_meet_are_one() -> None:
    trigger = every("day", at="09:00", rules=rules(if_holiday="next"))
    # The 25th, the 26th and the Monday in lieu all move to Tuesday; a Sunday is no holiday and stays.
    assert runs(trigger, "2026-12-24", 3) == ["Thu 24 Dec 09:00", "Sun 27 Dec 09:00", "Tue 29 Dec 09:00"]
    assert trigger.note(seconds("2026-12-29T09:00")) == "also for 25 Dec 2026: Christmas Day"


@pytest.mark.parametrize(
    "trigger",
    [
        every("friday", at="09:00", rules=rules(if_holiday="skip")),
        every("hour", rules=rules(if_holiday="skip")),
        cron("0 9 25 * *", rules=rules(if_holiday="skip")),
    ],
    ids=lambda trigger: trigger.words,
)
def test_a_run_on_a_holiday_is_skipped_by_name(trigger: Trigger) -> None:
    assert trigger.after(seconds("2026-12-25T09:00") - 1) == seconds("2026-12-25T09:00")
    assert trigger.veto(seconds("2026-12-25T09:00")) == "holiday: Christmas Day"
    assert trigger.veto(seconds("2026-11-25T09:00")) is None


def test_a_cron_line_moves_off_a_holiday() -> None:
    trigger = cron("0 9 25 12 *", rules=rules(if_holiday="next"))
    assert runs(trigger, "2026-01-01", 1) == ["Tue 29 Dec 09:00"]


def test_moving_never_reorders_or_repeats() -> None:
    for direction in ("next", "previous"):
        trigger = every("day", at="09:00", rules=rules(if_holiday=direction))
        tick = trigger.after(seconds("2020-01-01"))
        for _ in range(1000):
            assert tick is not None
            later = trigger.after(tick)
            assert later is not None and later > tick
            tick = later


@pytest.mark.parametrize(
    ("tz", "code"),
    [
        ("Europe/London", "GB-ENG"),
        ("Europe/Paris", "FR"),
        ("America/New_York", "US"),
        ("Europe/Oslo", "NO"),
        ("Asia/Calcutta", "IN"),
        ("GB", "GB-ENG"),
    ],
)
def test_the_country_follows_from_the_zone(tz: str, code: str) -> None:
    assert calendar_of_zone(tz).code == code


def test_a_zone_without_a_country_needs_a_calendar() -> None:
    with pytest.raises(TriggerError, match='say whose working days, such as calendar="GB-ENG"'):
        every("working day", rules=Rules(tz="UTC"))
    assert every("working day", rules=Rules(tz="UTC", calendar="GB-SCT")).spec()["calendar"] == "GB-SCT"


def test_weekends_are_those_of_the_country() -> None:
    jerusalem = calendar("IL")
    assert [jerusalem.is_weekend(day(text)) for text in ("2026-11-20", "2026-11-21", "2026-11-22")] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("code", ["XX", "GB-XX", "gb-eng", "England", ""])
def test_an_unknown_calendar_is_refused(code: str) -> None:
    with pytest.raises(TriggerError, match="unknown holiday calendar"):
        calendar(code)


@pytest.mark.parametrize(
    ("code", "meant"),
    [("UK", "GB"), ("uk", "GB"), ("UK-SCT", "GB-SCT"), ("EN", "GB-ENG"), ("ENGLAND", "GB-ENG"), ("USA", "US")],
)
def test_a_calendar_under_its_usual_name_is_refused_with_its_code(code: str, meant: str) -> None:
    with pytest.raises(TriggerError, match=f'unknown holiday calendar "{code}"; did you mean "{meant}"\\?$'):
        calendar(code)


def test_a_calendar_that_no_line_needs_leaves_no_trace_but_must_exist() -> None:
    plain, with_calendar = rules(), rules(calendar="GB-SCT")
    assert every("day", rules=plain) == every("day", rules=with_calendar)
    with pytest.raises(TriggerError, match="unknown holiday calendar"):
        every("day", rules=rules(calendar="Nowhere"))
