"""A schedule as a value: what goes into Redis comes out again, and versions are told apart."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rqclock import Clock
from rqclock.timetable.schedules import Schedule, Timetable
from tests.support import jobs
from tests.support.leader import BEGAN


def clock(**options: Any) -> Clock:
    clock = Clock(timezone="Europe/London")
    clock.every("day", at="10:35", name="tick", **options).enqueue(jobs.add, 1, b=2)
    return clock


def only(timetable: Timetable) -> Schedule:
    return timetable.schedules[0]


LINES = [
    ("every", ("10 minutes",), {}),
    ("every", ("working day",), {"at": ["10:35", "14:00"]}),
    ("every", ("month",), {"on": "last day", "at": "09:00", "tz": "Asia/Kathmandu"}),
    ("every", ("day",), {"at": "01:30", "gap": "skip", "fold": "both", "spread": "10 minutes"}),
    ("every", ("day",), {"overlap": "skip", "late_ok": 30, "owner": "north", "enabled": False, "run_now": False}),
    ("cron", ("*/5 9-17 * * MON-FRI",), {"catch_up": "all", "description": "Grüße 👋"}),
    ("cron", ("0 30 8 * * * Europe/Paris",), {}),
    ("on_demand", ("reindex",), {}),
]


@pytest.mark.parametrize(("kind", "arguments", "options"), LINES)
def test_a_definition_makes_the_same_schedule_again(kind: str, arguments: tuple, options: dict) -> None:
    timetable = Clock(timezone="Europe/London")
    getattr(timetable, kind)(*arguments, **options).enqueue(jobs.add, 1)
    schedule = only(timetable.timetable())
    stored = json.loads(json.dumps(schedule.definition()))
    again = Schedule.from_definition(stored)
    assert again == schedule
    assert again.timing() == schedule.timing()
    assert again.definition() == schedule.definition() | {"if": None}
    assert again.after(BEGAN) == schedule.after(BEGAN)


def test_a_definition_knows_which_arguments_its_function_takes() -> None:
    target = Schedule.from_definition(json.loads(json.dumps(only(clock().timetable()).definition()))).target
    assert target.refusal([1, 2]) is target.refusal({"a": 1}) is None
    assert target.refusal([]) == "tests.support.jobs.add(a, b=…): missing a required argument: 'a'"
    assert target.refusal({"nope": 1}) is not None


def test_of_a_function_without_a_signature_nobody_knows_what_it_takes() -> None:
    timetable = Clock()
    timetable.every("day", name="a").enqueue(max, [1])
    timetable.every("day", name="b").enqueue(jobs.anything)
    unknown, anything = (schedule.target for schedule in timetable.timetable().schedules)
    assert unknown.takes is None and unknown.refusal({"nope": 1}) is None
    assert anything.refusal([1, 2]) is anything.refusal({"nope": 1}) is None


def test_a_definition_of_an_earlier_version_refuses_no_arguments() -> None:
    definition = only(clock().timetable()).definition()
    del definition["target"]["takes"], definition["zone"]
    earlier = Schedule.from_definition(definition)
    assert earlier.target.refusal({"nope": 1}) is None and earlier.timezone == "Europe/London"


def test_on_demand_is_in_the_zone_of_its_clock_unless_it_says_another() -> None:
    timetable = Clock(timezone="Europe/London")
    timetable.on_demand("here").enqueue(jobs.plain)
    timetable.on_demand("there", tz="Asia/Tokyo").enqueue(jobs.plain)
    assert [schedule.timezone for schedule in timetable.timetable().schedules] == ["Europe/London", "Asia/Tokyo"]


def test_two_readings_of_one_file_are_one_version() -> None:
    assert clock().timetable().fingerprint == clock().timetable().fingerprint


@pytest.mark.parametrize(
    "change",
    [
        {"tz": "Europe/Paris"},
        {"catch_up": "none"},
        {"overlap": "skip"},
        {"enabled": False},
        {"spread": "1 hour"},
        {"owner": "south"},
        {"if_": lambda local: True},
    ],
)
def test_every_change_of_a_line_is_another_version(change: dict) -> None:
    assert clock(**change).timetable().fingerprint != clock().timetable().fingerprint


@pytest.mark.parametrize(
    ("change", "retimed"),
    [({"tz": "Europe/Paris"}, True), ({"enabled": False}, True), ({"spread": "1 hour"}, True), ({"owner": "x"}, False)],
)
def test_ticks_count_anew_only_from_a_change_of_time(change: dict, retimed: bool) -> None:
    assert (only(clock(**change).timetable()).timing() != only(clock().timetable()).timing()) is retimed


def test_spread_is_the_same_in_every_process_and_within_its_width() -> None:
    offsets = set()
    for n in range(50):
        timetable = Clock()
        timetable.every("hour", name=f"s{n}", spread="10 minutes").enqueue(jobs.plain)
        offsets.add(only(timetable.timetable()).spread)
    assert all(0 <= offset < 600 for offset in offsets)
    assert len(offsets) > 30


def test_spread_shifts_every_tick_by_as_much() -> None:
    plain, spread = only(clock().timetable()), only(clock(spread="1 hour").timetable())
    assert spread.spread > 0
    assert list(spread.between(BEGAN, BEGAN + 5 * 86400)) == [
        tick + spread.spread for tick in plain.between(BEGAN - spread.spread, BEGAN + 5 * 86400 - spread.spread)
    ]


def test_a_schedule_describes_itself_by_the_first_line_of_its_function() -> None:
    timetable = Clock()
    timetable.every("day").enqueue(jobs.plain)
    timetable.every("day", description="Said here").enqueue(jobs.add, 1)
    assert [schedule.description for schedule in timetable.timetable().schedules] == [
        "Does nothing. A second sentence",
        "Said here",
    ]
