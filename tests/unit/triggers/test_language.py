"""What lines mean: anchors, periods, defaults, and equal lines."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from rqclock.errors import TriggerError
from rqclock.triggers import Rules, Trigger, cron, every, from_spec

UTC_RULES = Rules(tz="UTC")
LONDON = Rules(tz="Europe/London")


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def first(trigger: Trigger, after: str) -> str:
    tick = trigger.after(seconds(after))
    assert tick is not None
    return f"{datetime.fromtimestamp(tick, UTC):%Y-%m-%dT%H:%M}"


@pytest.mark.parametrize(
    ("trigger", "period"),
    [
        (every("90 seconds", rules=LONDON), 90),
        (every("hour", at=":15", rules=LONDON), 3600),
        (every("hour", at=[":15", ":45"], rules=LONDON), 1800),
        (every("3 hours", at=":20", rules=LONDON), 10_800),
        (every("10 minutes", at="9:**", rules=LONDON), 600),
        (every("day", at="10:35", rules=LONDON), 86_400),
        (every("day", at=["10:35", "10:36"], rules=LONDON), 60),
        (every("working day", at="10:35", rules=LONDON), 86_400),
        (every("monday", at="08:00", rules=LONDON), 7 * 86_400),
        (every("2 weeks", at="Monday 08:00", rules=LONDON), 14 * 86_400),
        (every("week", at=["Monday 08:00", "Thursday 08:00"], rules=LONDON), 3 * 86_400),
        (every("month", rules=LONDON), 28 * 86_400),
        (cron("*/5 9-17 * * MON-FRI", rules=LONDON), 300),
        (cron("30 1 * * *", rules=LONDON), 86_400),
        (cron("* * * * * *", rules=LONDON), 1),
    ],
    ids=lambda value: getattr(value, "words", value),
)
def test_the_period_is_the_shortest_usual_distance(trigger: Trigger, period: int) -> None:
    assert trigger.period == period


@pytest.mark.parametrize(
    ("trigger", "after", "tick"),
    [
        (every("11 minutes", rules=LONDON), "1970-01-01T00:00", "1970-01-01T00:11"),
        (every("2 hours", rules=LONDON), "2026-07-01T00:30", "2026-07-01T02:00"),
        (every("hour", rules=Rules(tz="Asia/Kolkata")), "2026-07-01T00:30", "2026-07-01T01:00"),
        (every("hour", at=":00", rules=Rules(tz="Asia/Kolkata")), "2026-07-01T00:15", "2026-07-01T00:30"),
        (every("2 days", rules=UTC_RULES), "1970-01-01T00:00", "1970-01-03T00:00"),
        (every("2 weeks", at="Sunday 03:00", rules=UTC_RULES), "1970-01-01T00:00", "1970-01-04T03:00"),
        (every("2 weeks", at="Sunday 03:00", rules=UTC_RULES), "1970-01-05T00:00", "1970-01-18T03:00"),
        (every("2 weeks", rules=UTC_RULES), "1970-01-01T00:00", "1970-01-05T00:00"),
        (every("3 months", rules=UTC_RULES), "2026-01-15T00:00", "2026-04-01T00:00"),
        (every("month", on=31, rules=UTC_RULES), "2026-03-31T00:00", "2026-05-31T00:00"),
        (every("month", on="last day", rules=UTC_RULES), "2028-02-01T00:00", "2028-02-29T00:00"),
        (every("month", on="last Friday", rules=UTC_RULES), "2026-11-01T00:00", "2026-11-27T00:00"),
        (every("year", on="29 February", rules=UTC_RULES), "2026-01-01T00:00", "2028-02-29T00:00"),
        (every("2 years", on="25 December", rules=UTC_RULES), "2026-01-01T00:00", "2026-12-25T00:00"),
        (cron("0 0 29 2 *", rules=UTC_RULES), "2096-03-01T00:00", "2104-02-29T00:00"),
        (cron("0 0 * 2 MON#5", rules=UTC_RULES), "2026-01-01T00:00", "2044-02-29T00:00"),
        (cron("0 0 LW * *", rules=UTC_RULES), "2026-10-31T00:00", "2026-11-30T00:00"),
    ],
    ids=lambda value: getattr(value, "words", value),
)
def test_a_line_counts_from_its_anchor(trigger: Trigger, after: str, tick: str) -> None:
    assert first(trigger, after) == tick


@pytest.mark.parametrize("expression", ["0 0 31 2,4,6,9,11 *", "0 0 30 2 *", "0 0 31 4 *"])
def test_a_line_that_never_comes_is_refused(expression: str) -> None:
    with pytest.raises(TriggerError, match="never comes"):
        cron(expression, rules=UTC_RULES)


def test_lines_are_equal_when_they_mean_the_same() -> None:
    assert every("1 hour", at="*:05", rules=LONDON) == every("hour", at=":05", rules=LONDON)
    assert every("day", at=["05:00", "1:00"], rules=LONDON) == every("day", at=["01:00", "5:00"], rules=LONDON)
    assert cron("0 9 * * mon", rules=LONDON) == cron("  0 9 * * MON ", rules=LONDON)
    assert cron("@daily", rules=LONDON) == cron("0 0 * * *", rules=LONDON)
    assert every("day", rules=LONDON) == every("day", rules=Rules(tz="Europe/London", gap="next", fold="first"))
    assert every("day", rules=LONDON) != every("day", rules=Rules(tz="Europe/London", gap="shift"))
    assert every("day", rules=LONDON) != every("day", rules=UTC_RULES)


def test_a_spec_says_what_is_in_force_and_nothing_else() -> None:
    assert every("working day", at="10:35", rules=LONDON).spec() == {
        "every": "working day",
        "at": ["10:35"],
        "tz": "Europe/London",
        "gap": "next",
        "fold": "first",
        "calendar": "GB-ENG",
    }
    assert every("10 minutes", rules=LONDON).spec() == {"every": "10 minutes", "tz": "Europe/London"}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({}, 'a schedule needs "every" or "cron"'),
        ({"every": "day", "att": "10:00"}, 'a schedule has no "att"; did you mean "at"?'),
        ({"cron": 5}, "a cron expression is a text, not 5"),
        ({"every": 10}, 'a period is a text such as "10 minutes" or a timedelta, not 10'),
        ({"every": "day", "at": []}, 'at=[] names no time: leave it out, or write at="10:35"'),
        ({"every": "month", "on": []}, 'on=[] names no day: leave it out, or write on="last day"'),
        ({"every": "day", "at": [5]}, 'at=5 is no time: write "10:35", ":15", "9:**" or "Monday 16:00"'),
    ],
)
def test_a_spec_that_is_none_is_refused(spec: dict[str, object], message: str) -> None:
    with pytest.raises(TriggerError) as refusal:
        from_spec(spec)
    assert str(refusal.value) == message


def test_ten_thousand_lines_are_read_and_asked_well_within_their_budget() -> None:
    # 100,000 have to load in seconds: this is a tenth of them, with several times the time they take on slow hardware.
    begin = time.process_time()
    for number in range(5_000):
        hour, minute = number % 24, number % 60
        every("day", at=f"{hour}:{minute:02}", rules=LONDON).after(1_800_000_000 + number)
        cron(f"{minute} {hour} * * {number % 7}", rules=LONDON).after(1_800_000_000 + number)
    assert time.process_time() - begin < 3
