"""What becomes of the ticks between a cursor and now."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rqclock import Clock
from rqclock.running.catch_up import COUNTED, Course, Due, Gap, plan
from rqclock.timetable.schedules import Schedule
from tests.support import jobs
from tests.support.leader import BEGAN


def schedule(period: str = "10 seconds", **options: Any) -> Schedule:
    clock = Clock()
    clock.every(period, name="tick", **options).enqueue(jobs.plain)
    return clock.timetable().schedules[0]


def steps(schedule: Schedule, now: float, cursor: int = 0) -> list[Due | Gap]:
    """The plan, with instants in seconds after BEGAN."""
    found = plan(Course(schedule, BEGAN + cursor), BEGAN + now)
    return [_shifted(step) for step in found]


def _shifted(step: Due | Gap) -> Due | Gap:
    if isinstance(step, Due):
        return Due(step.tick - BEGAN, step.late)
    return Gap(step.tick - BEGAN, step.first - BEGAN, step.count, step.why)


def test_nothing_is_due_before_the_first_tick() -> None:
    assert steps(schedule(), 9.999) == []


def test_a_tick_is_due_from_its_very_instant() -> None:
    assert steps(schedule(), 10) == [Due(10)]


def test_a_tick_that_was_decided_is_not_due_again() -> None:
    assert steps(schedule(), 15, cursor=10) == []


def test_every_tick_up_to_ten_seconds_late_is_enqueued_whatever_the_policy() -> None:
    for policy in ("latest", "all", "none"):
        found = steps(schedule("second", catch_up=policy), 10)
        assert found == [Due(tick) for tick in range(1, 11)]


def test_late_ok_says_how_late_is_not_too_late() -> None:
    assert steps(schedule("second", catch_up="none", late_ok=3), 10.5)[1:] == [Due(8), Due(9), Due(10)]


def test_latest_enqueues_the_last_of_the_late_ticks_and_misses_the_others() -> None:
    found = steps(schedule("1 minute", catch_up_within="1 hour"), 200)
    assert found == [Gap(120, 60, 2, "down"), Due(180, late=True)]


def test_latest_enqueues_no_late_tick_when_a_newer_one_is_due_anyway() -> None:
    assert steps(schedule("1 minute", catch_up_within="1 hour"), 185) == [Gap(120, 60, 2, "down"), Due(180)]


def test_all_enqueues_every_late_tick() -> None:
    found = steps(schedule("1 minute", catch_up="all", catch_up_within="1 hour"), 200)
    assert found == [Due(60, late=True), Due(120, late=True), Due(180, late=True)]


def test_none_enqueues_no_late_tick() -> None:
    assert steps(schedule("1 minute", catch_up="none", catch_up_within="1 hour"), 200) == [Gap(180, 60, 3, "down")]


def test_what_lies_before_the_window_is_missed_whatever_the_policy() -> None:
    found = steps(schedule("1 minute", catch_up="all", catch_up_within="2 minutes"), 600)
    assert found == [Gap(420, 60, 7, "window"), Due(480, late=True), Due(540, late=True), Due(600)]


def test_the_tick_at_the_edge_of_the_window_is_still_inside() -> None:
    assert steps(schedule("1 minute", catch_up_within="1 minute"), 119.9) == [Due(60, late=True)]
    assert steps(schedule("1 minute", catch_up_within="1 minute"), 120.0, cursor=60) == [Due(120)]


def test_a_window_shorter_than_late_ok_does_not_shorten_it() -> None:
    assert steps(schedule("second", catch_up_within=1), 10) == [Due(tick) for tick in range(1, 11)]


def test_by_default_one_period_is_caught_up_and_at_most_twelve_hours() -> None:
    assert schedule("10 minutes").policies.catch_up_within == 600
    assert schedule("week", at="Monday 10:00").policies.catch_up_within == 12 * 3600


def test_a_daily_run_that_was_missed_by_eleven_hours_is_caught_up_and_by_thirteen_is_not() -> None:
    daily = schedule("day", at="09:00")  # an hour after BEGAN
    assert steps(daily, 3600 + 11 * 3600) == [Due(3600, late=True)]
    assert steps(daily, 3600 + 13 * 3600) == [Gap(3600, 3600, 1, "window")]


def test_a_long_outage_of_a_quick_schedule_is_one_gap_with_its_count() -> None:
    gap = steps(schedule("second"), 3600)[0]
    assert gap == Gap(3589, 1, 3589, "window")


def test_an_outage_too_long_to_count_says_from_and_to_alone() -> None:
    gap = steps(schedule("second"), 10 * COUNTED)[0]
    assert isinstance(gap, Gap)
    assert (gap.first, gap.count) == (1, None)


def test_a_schedule_that_is_switched_off_or_on_demand_has_no_plan() -> None:
    assert steps(schedule(enabled=False), 1000) == []
    clock = Clock()
    clock.on_demand("reindex").enqueue(jobs.plain)
    assert plan(Course(clock.timetable().schedules[0], BEGAN), BEGAN + 1000) == []


def test_time_before_the_cursor_has_no_plan() -> None:
    assert steps(schedule("second"), 5, cursor=60) == []


def test_a_course_asks_its_trigger_once_for_the_same_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    found = schedule("second")
    after = Schedule.after

    def noted(self: Schedule, instant: int) -> int | None:
        asked.append(instant)
        return after(self, instant)

    monkeypatch.setattr(Schedule, "after", noted)
    course = Course(found, BEGAN)
    assert course.next == course.next == BEGAN + 1
    assert asked == [BEGAN]


@settings(max_examples=300, deadline=None)
@given(
    period=st.integers(1, 400),
    outage=st.floats(0, 3000),
    policy=st.sampled_from(["latest", "all", "none"]),
    window=st.integers(0, 2000),
    late_ok=st.integers(1, 60),
)
def test_every_tick_lands_in_exactly_one_step_in_order(
    period: int, outage: float, policy: str, window: int, late_ok: int
) -> None:
    found = schedule(f"{period} seconds", catch_up=policy, catch_up_within=window, late_ok=late_ok)
    expected = list(found.between(BEGAN, int(BEGAN + outage)))
    covered: list[int] = []
    for step in plan(Course(found, BEGAN), BEGAN + outage):
        if isinstance(step, Due):
            covered.append(step.tick)
            continue
        ticks = list(found.between(step.first - 1, step.tick))
        assert step.count in (len(ticks), None)
        covered += ticks
    assert covered == expected


@settings(max_examples=100, deadline=None)
@given(now=st.lists(st.floats(0, 500), min_size=1, max_size=6), policy=st.sampled_from(["latest", "all", "none"]))
def test_looking_often_or_seldom_decides_the_same_ticks(now: list[float], policy: str) -> None:
    found = schedule("7 seconds", catch_up=policy, catch_up_within=60)
    cursor, covered = BEGAN, 0
    for instant in sorted(now):
        for step in plan(Course(found, cursor), BEGAN + instant):
            covered += 1 if isinstance(step, Due) else len(list(found.between(step.first - 1, step.tick)))
            cursor = step.tick
    assert covered == len(list(found.between(BEGAN, int(BEGAN + max(now)))))
