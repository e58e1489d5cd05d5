"""Which definition of a schedule held at which instant."""

from __future__ import annotations

from typing import Any

from rqclock import Clock
from rqclock.store.versions import parse, ticks
from rqclock.timetable.schedules import Schedule
from tests.support import jobs


def schedule(period: str) -> Schedule:
    clock = Clock()
    clock.every(period, name="tick").enqueue(jobs.plain)
    return clock.timetable().schedules[0]


def began(at: int, period: str) -> dict[str, Any]:
    return {"began": at, "definition": schedule(period).definition()}


def test_the_ticks_of_a_version_end_where_the_next_begins() -> None:
    versions = parse("tick", [began(0, "10 seconds"), began(30, "4 seconds")])
    assert list(ticks(versions, 0, 44)) == [10, 20, 30, 32, 36, 40, 44]


def test_a_schedule_has_no_ticks_while_it_is_out_of_the_timetable() -> None:
    versions = parse("tick", [began(0, "10 seconds"), {"ended": 20}, began(40, "10 seconds")])
    assert list(ticks(versions, 0, 60)) == [10, 20, 50, 60]
    assert [version.ended for version in versions] == [20, None]


def test_a_span_amid_versions_is_cut_at_both_ends() -> None:
    versions = parse("tick", [began(0, "10 seconds"), began(30, "4 seconds")])
    assert list(ticks(versions, 20, 36)) == [30, 32, 36]


def test_a_version_holds_for_what_is_later_than_its_beginning() -> None:
    first, second = parse("tick", [began(0, "10 seconds"), began(30, "4 seconds")])
    assert [(first.holds(at), second.holds(at)) for at in (0, 1, 30, 31)] == [
        (False, False), (True, False), (True, False), (False, True),
    ]  # fmt: skip


def test_versions_of_a_former_name_are_todays() -> None:
    assert [version.schedule.slug for version in parse("new", [began(0, "10 seconds")])] == ["new"]


def test_a_definition_that_cannot_be_read_has_no_ticks_and_says_so() -> None:
    (version,) = parse("tick", [{"began": 0, "definition": {"trigger": {"every": "blue moon"}}}])
    assert (version.known, list(version.between(0, 100))) == (False, [])


def test_no_versions_are_no_ticks() -> None:
    assert list(ticks(parse("tick", []), 0, 100)) == []
