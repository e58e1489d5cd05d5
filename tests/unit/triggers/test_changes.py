"""What is said of runs that a clock change moves, drops or doubles."""

from __future__ import annotations

from datetime import datetime

import pytest

from rqclock.triggers import Rules, Trigger, changes, cron, every


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


NOW, IN_13_MONTHS = seconds("2026-11-21T00:00+00:00"), seconds("2027-12-21T00:00+00:00")


def london(**chosen: str) -> Rules:
    return Rules(tz="Europe/London", **chosen)


@pytest.mark.parametrize(
    ("trigger", "texts"),
    [
        (
            every("day", at="01:30", rules=london()),
            ["28 Mar 2027: 01:30 does not exist, runs 02:00", "31 Oct 2027: 01:30 happens twice, runs once (first)"],
        ),
        (
            every("day", at="01:30", rules=london(gap="shift", fold="second")),
            ["28 Mar 2027: 01:30 does not exist, runs 02:30", "31 Oct 2027: 01:30 happens twice, runs once (second)"],
        ),
        (
            every("day", at="01:30", rules=london(gap="skip", fold="both")),
            ["28 Mar 2027: 01:30 does not exist, does not run", "31 Oct 2027: 01:30 happens twice, runs twice"],
        ),
        (
            every("day", at=["01:00", "01:15", "01:30"], rules=london()),
            [
                "28 Mar 2027: 01:00, 01:15 and 01:30 do not exist, run 02:00",
                "31 Oct 2027: 01:00, 01:15 and 01:30 happen twice, run once (first)",
            ],
        ),
        (
            every("10 minutes", at="1:**", rules=london()),
            [
                "28 Mar 2027: 01:00, 01:10, 01:20 and 3 more do not exist, do not run",
                "31 Oct 2027: 01:00, 01:10, 01:20 and 3 more happen twice, run twice",
            ],
        ),
        (every("day", at="10:35", rules=london()), []),
        (every("week", at="Monday 01:30", rules=london()), []),
        (every("15 minutes", rules=london()), []),
        (every("hour", at=":15", rules=london()), []),
        (cron("*/15 * * * *", rules=london()), []),
        (
            cron("30 8 * * *", rules=Rules(tz="Australia/Lord_Howe")),
            [],
        ),
        (
            every("hour", at=":15", rules=Rules(tz="Australia/Lord_Howe")),
            ["3 Oct 2027: 02:15 does not exist, does not run"],
        ),
    ],
    ids=str,
)
def test_changes_of_the_next_13_months_are_listed(trigger: Trigger, texts: list[str]) -> None:
    assert [change.text for change in changes(trigger, NOW, IN_13_MONTHS)] == texts


def test_a_change_names_the_run_that_it_touches() -> None:
    trigger = every("day", at="01:30", rules=london())
    spring, autumn = changes(trigger, NOW, IN_13_MONTHS)
    assert spring.tick == seconds("2027-03-28T02:00+01:00") == trigger.after(spring.tick - 1)
    assert autumn.tick == seconds("2027-10-31T01:30+01:00") == trigger.after(autumn.tick - 1)


def test_a_day_that_never_was_is_named() -> None:
    trigger = every("friday", at="09:00", rules=Rules(tz="Pacific/Apia"))
    (change,) = changes(trigger, seconds("2011-12-01T00:00+00:00"), seconds("2012-02-01T00:00+00:00"))
    assert change.text == "30 Dec 2011: 09:00 does not exist, runs 31 Dec 2011 00:00"


@pytest.mark.parametrize(
    ("gap", "run", "note"),
    [
        ("next", "2027-03-28T02:00+01:00", "01:30 does not exist on 28 Mar 2027, runs 02:00"),
        ("shift", "2027-03-28T02:30+01:00", "01:30 does not exist on 28 Mar 2027, runs 02:30"),
        ("next", "2027-03-27T01:30+00:00", None),
        ("next", "2027-10-31T01:30+01:00", "01:30 happens twice on 31 Oct 2027, runs once (first)"),
        ("next", "2027-10-30T01:30+01:00", None),
    ],
)
def test_a_run_says_what_a_change_did_to_it(gap: str, run: str, note: str | None) -> None:
    trigger = every("day", at="01:30", rules=london(gap=gap))
    assert trigger.after(seconds(run) - 1) == seconds(run)
    assert trigger.note(seconds(run)) == note


def test_the_second_of_two_runs_says_so_too() -> None:
    trigger = every("day", at="01:30", rules=london(fold="both"))
    assert trigger.note(seconds("2027-10-31T01:30+00:00")) == "01:30 happens twice on 31 Oct 2027, runs twice"


def test_a_cadence_says_nothing_of_a_change_that_it_does_not_feel() -> None:
    trigger = every("hour", at=":30", rules=london())
    assert trigger.note(seconds("2027-03-28T02:30+01:00")) is None
    assert trigger.note(seconds("2027-10-31T01:30+00:00")) is None
