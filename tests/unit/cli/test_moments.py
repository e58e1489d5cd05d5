"""Times and lengths that people type: what they mean, in which zone, and which are refused."""

from __future__ import annotations

from datetime import UTC, datetime

import click
import pytest

from rqclock.cli.moments import coming, past, spans

LONDON = "Europe/London"
NOON = datetime(2026, 6, 10, 11, 0, tzinfo=UTC).timestamp()  # 12:00 in London


def utc(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}+00:00").timestamp())


def test_in_the_hour_that_comes_twice_the_nearest_time_is_meant() -> None:
    now = datetime(2026, 10, 25, 1, 30, tzinfo=UTC).timestamp()  # 01:30 GMT, an hour after 01:30 BST
    assert coming("01:45", "Europe/London", now) == now + 15 * 60
    assert past("01:15", "Europe/London", now) == now - 15 * 60


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-06-11T08:00", utc("2026-06-11T07:00")),
        ("2026-06-11T08:00Z", utc("2026-06-11T08:00")),
        ("2026-06-11T08:00+02:00", utc("2026-06-11T06:00")),
        ("2026-06-11", utc("2026-06-10T23:00")),
        ("13:30", utc("2026-06-10T12:30")),
        ("11:30", utc("2026-06-11T10:30")),
        ("12:00", utc("2026-06-11T11:00")),
        ("2 hours", utc("2026-06-10T13:00")),
        ("90 seconds", utc("2026-06-10T11:01:30")),
        ("1 day", utc("2026-06-11T11:00")),
        ("13:30Z", utc("2026-06-10T13:30")),
        ("10:59:59Z", utc("2026-06-11T10:59:59")),
        ("23:30-05:00", utc("2026-06-11T04:30")),
        ("2200-12-31T23:59:59Z", utc("2200-12-31T23:59:59")),
    ],
)
def test_a_time_to_come_is_meant_in_the_zone_and_is_the_next_one(text: str, instant: int) -> None:
    assert coming(text, LONDON, NOON) == instant


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("11:30", utc("2026-06-10T10:30")),
        ("13:30", utc("2026-06-09T12:30")),
        ("2 hours", utc("2026-06-10T09:00")),
        ("2026-06-01", utc("2026-05-31T23:00")),
        ("11:30Z", utc("2026-06-09T11:30")),
        ("1970-01-01T00:00Z", 0),
    ],
)
def test_a_time_past_is_the_last_one(text: str, instant: int) -> None:
    assert past(text, LONDON, NOON) == instant


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "25:00", "12:60", "12:00+25:00", "2 parsecs", "-2 hours", "2026-02-30"),
        pytest.param("9" * 5000 + " days", id="a number of 5000 digits"),
    ],
)
def test_what_is_no_time_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(click.BadParameter, match=r"no time|neither a time nor a length"):
        coming(text, LONDON, NOON)


@pytest.mark.parametrize(
    "text",
    [
        "99999999999 days",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00+05:00",
        "1970-01-01",
        "2201-01-01T00:00Z",
        "0001-01-01",
        "0001-01-01T00:00+14:00",
        "9999-12-31T23:59",
        "9999-12-31T23:59-12:00",
    ],
)
def test_a_time_that_is_too_far_away_is_refused_by_all(text: str) -> None:
    berlin = "Europe/Berlin"
    for read in (coming, past) if "days" in text else (coming, past, spans):
        with pytest.raises(click.BadParameter, match=r"times from 1970 to 2200|is not a time such as"):
            read(text, berlin, NOON)


@pytest.mark.parametrize(
    ("text", "start", "seconds"),
    [
        ("2026-06-11T08:00", utc("2026-06-11T07:00"), 60),
        ("2026-06-11 08:00", utc("2026-06-11T07:00"), 60),
        ("2026-06-11T08:00:00", utc("2026-06-11T07:00"), 1),
        ("2026-06-11T08:00:07Z", utc("2026-06-11T08:00:07"), 1),
        ("20260611T080000Z", utc("2026-06-11T08:00"), 1),
        ("2026-06-11T00:00", utc("2026-06-10T23:00"), 60),
        ("08:00", utc("2026-06-10T07:00"), 60),
        ("23:15:30", utc("2026-06-10T22:15:30"), 1),
        ("05:11:58Z", utc("2026-06-10T05:11:58"), 1),
        ("05:11Z", utc("2026-06-10T05:11"), 60),
        ("05:11:58+0200", utc("2026-06-10T03:11:58"), 1),
        ("2 hours", utc("2026-06-10T09:00"), 60),
        ("90 seconds", utc("2026-06-10T10:58"), 60),
    ],
)
def test_a_time_without_seconds_is_its_whole_minute(text: str, start: int, seconds: int) -> None:
    assert spans(text, LONDON, NOON) == [(start, start + seconds - 1)]


def test_a_time_that_comes_twice_when_the_clocks_go_back_is_both() -> None:
    first = utc("2026-10-25T00:30")
    assert spans("2026-10-25T01:30", LONDON, NOON) == [(first, first + 59), (first + 3600, first + 3659)]


def test_a_time_that_does_not_exist_is_where_it_would_have_been() -> None:
    assert spans("2026-03-29T01:30:00", LONDON, NOON) == [(utc("2026-03-29T01:30"), utc("2026-03-29T01:30"))]


@pytest.mark.parametrize("text", ["2026-06-11", "20260611", "yesterday", "24:01"])
def test_a_day_is_no_instant_to_ask_about(text: str) -> None:
    with pytest.raises(click.BadParameter):
        spans(text, LONDON, NOON)
