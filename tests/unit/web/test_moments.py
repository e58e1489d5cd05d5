from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rqclock.web.moments import beside, clock_time, iso, late_by, length, local, relative, utc, zone_name

LONDON = "Europe/London"


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "now"),
        (0.4, "now"),
        (1, "in 1 second"),
        (-1, "1 second ago"),
        (59, "in 59 seconds"),
        (60, "in 1 minute"),
        (95, "in 1 minute 35 seconds"),
        (240, "in 4 minutes"),
        (310, "in 5 minutes"),
        (3600, "in 1 hour"),
        (3605, "in 1 hour"),
        (7500, "in 2 hours 5 minutes"),
        (-18000, "5 hours ago"),
        (86400 + 12 * 3600, "in 1 day 12 hours"),
        (30 * 86400 + 5, "in 30 days"),
    ],
)
def test_a_distance_in_time_is_told_with_no_more_than_two_units(seconds: float, words: str) -> None:
    assert relative(1_000_000 + seconds, now=1_000_000) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0 ms"),
        (-0.1, "0 ms"),
        (0.004, "4 ms"),
        (0.2149, "0.21 s"),
        (1.0, "1 s"),
        (12.3, "12 s"),
        (59.7, "1 min"),
        (75, "1 min 15 s"),
        (3600, "1 h"),
        (7260, "2 h 1 min"),
        (3155400, "36 days"),
    ],
)
def test_a_length_of_time_is_short(seconds: float, words: str) -> None:
    assert length(seconds) == words


def test_under_a_second_is_on_time() -> None:
    assert (late_by(None), late_by(0.99), late_by(75)) == ("", "on time", "1 min 15 s")


@pytest.mark.parametrize(
    ("instant", "words"),
    [
        ("2026-11-23T10:35:00", "today 10:35"),
        ("2026-11-24T00:05:00", "tomorrow 00:05"),
        ("2026-11-22T23:59:30", "yesterday 23:59:30"),
        ("2026-11-30T08:00:00", "Mon 30 Nov 08:00"),
        ("2027-01-04T08:00:00", "Mon 4 Jan 2027 08:00"),
    ],
)
def test_a_time_is_told_as_people_near_it_say_it(instant: str, words: str) -> None:
    assert local(at(instant), zone=LONDON, now=at("2026-11-23T09:00:00")) == words


def test_a_day_begins_at_midnight_of_the_schedules_own_zone() -> None:
    now = at("2026-06-30T22:30:00")  # 23:30 in London, the next day already in Kolkata
    instant = at("2026-06-30T23:30:00")
    assert local(instant, zone=LONDON, now=now) == "tomorrow 00:30"
    assert local(instant, zone="Asia/Kolkata", now=now) == "today 05:00"


def test_the_hour_that_comes_twice_is_told_apart_by_its_zone() -> None:
    first, second = at("2026-10-25T00:30:00"), at("2026-10-25T01:30:00")
    assert [clock_time(instant, zone=LONDON) for instant in (first, second)] == ["01:30", "01:30"]
    assert [zone_name(instant, zone=LONDON) for instant in (first, second)] == ["BST", "GMT"]


def test_the_start_of_a_run_names_its_day_only_when_it_is_another_one() -> None:
    due, now = at("2026-11-23T23:59:00"), at("2026-11-24T09:00:00")
    assert beside(due + 20, other=due, zone=LONDON, now=now) == "23:59:20"
    assert beside(due + 120, other=due, zone=LONDON, now=now) == "today 00:01"


def test_a_zone_without_a_name_is_told_by_its_offset() -> None:
    assert zone_name(0, zone="America/Sao_Paulo") == "UTC-03"


def test_a_zone_that_this_machine_does_not_know_fails_no_page() -> None:
    for zone in ("Mars/Olympus", "../etc/passwd", ""):
        assert local(at("2026-11-23T10:35:00"), zone=zone, now=at("2026-11-23T10:00:00")) == "today 10:35"


def test_every_time_has_its_utc_second() -> None:
    assert utc(at("2026-11-23T10:35:20")) == "2026-11-23 10:35:20 UTC"
    assert iso(at("2026-11-23T10:35:20") + 0.7) == "2026-11-23T10:35:20+00:00"
