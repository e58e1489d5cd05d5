"""From a plan to rows: each tick with what is known of its decision before Redis is asked."""

from __future__ import annotations

from typing import Any

from rqclock import Clock
from rqclock.running.catch_up import Course
from rqclock.running.entries import Outage, View, closed, entries
from rqclock.store.ledger import Entry
from tests.support import jobs
from tests.support.leader import BEGAN


def found(view: View, **options: Any) -> list[Entry]:
    clock = Clock()
    clock.every("minute", name="tick", catch_up_within="1 hour", **options).enqueue(jobs.plain)
    return list(entries(Course(clock.timetable().schedules[0], BEGAN), view))


def at(seconds: float, outage: Outage | None = None, **more: Any) -> View:
    return View(BEGAN + seconds, outage or Outage(), **more)


def test_each_entry_read_the_cursor_that_the_one_before_leaves() -> None:
    steps = found(at(200), catch_up="all")
    assert [entry.cursor for entry in steps] == [BEGAN, *(entry.tick for entry in steps[:-1])]


def test_time_without_a_clock_is_missed_and_a_cause_in_redis_is_refused() -> None:
    missed, _ = found(at(200, Outage(BEGAN)))
    refused, _ = found(at(200, Outage(BEGAN, "Redis was full")))
    assert (missed.decision, refused.decision) == ("missed", "refused")
    assert refused.row is not None and refused.row["cause"] == "Redis was full"


def test_the_storm_guard_leaves_a_tick_and_all_after_it_undecided() -> None:
    allowed = iter([True, True, False])
    steps = found(at(3595, allow=lambda: next(allowed)), catch_up="all")
    assert [entry.tick - BEGAN for entry in steps] == [60, 120]


def test_a_condition_is_asked_about_every_tick_to_be_enqueued_and_about_no_other() -> None:
    asked: list[int] = []
    found(at(200, ask=lambda schedule, tick: asked.append(tick - BEGAN)))
    assert asked == [180]


def test_what_was_enqueued_once_and_lost_by_redis_is_marked_when_it_is_enqueued_again() -> None:
    steps = found(at(200, known_until=BEGAN + 120), catch_up="all")
    assert [bool(entry.row and entry.row.get("refired")) for entry in steps] == [True, True, False]


def test_nothing_of_a_schedule_that_left_is_enqueued() -> None:
    steps = [closed(entry) for entry in found(at(200), catch_up="all")]
    assert {entry.decision for entry in steps} == {"missed"}
    assert all(entry.row and "removed" in entry.row["why"] for entry in steps)
