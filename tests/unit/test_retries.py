"""How often a scheduled job is tried again when nobody said, and how the pauses of many schedules are kept apart."""

from __future__ import annotations

from typing import Any

import pytest

from rqclock import Clock
from rqclock.jobs.decorator import JobOptions
from rqclock.jobs.option_values import back_off
from rqclock.timetable import retries
from rqclock.timetable.template import fields
from tests.support import jobs


def schedule(period: str, function: Any = jobs.plain, name: str = "tick") -> Any:
    clock = Clock()
    clock.every(period, name=name).enqueue(function)
    return clock.timetable().schedules[0]


@pytest.mark.parametrize(
    ("period", "expected"),
    [("second", 0), ("20 seconds", 1), ("minute", 2), ("10 minutes", 4), ("hour", 5), ("day", 5), ("month", 5)],
)
def test_there_are_as_many_retries_as_end_before_the_next_run_is_near(period: str, expected: int) -> None:
    assert retries.in_force(schedule(period)).retries == expected


def test_a_schedule_on_demand_has_all_of_them() -> None:
    clock = Clock()
    clock.on_demand("reindex").enqueue(jobs.plain)
    assert retries.in_force(clock.timetable().schedules[0]).retries == retries.DEFAULT


def test_what_the_function_says_goes_before_the_default() -> None:
    assert retries.in_force(schedule("day", jobs.once)).retries == 0
    assert retries.in_force(schedule("day", jobs.retried)).intervals == (10, 20, 60), "these are a person's own"


def test_pauses_double_and_are_up_to_a_fifth_shorter_or_longer() -> None:
    for number in range(50):
        found = retries.in_force(schedule("day", name=f"s{number}")).intervals
        for pause, about in zip(found, back_off(5), strict=True):
            assert 0.8 * about - 1 <= pause <= 1.2 * about + 1


def test_schedules_differ_in_their_pauses_and_each_keeps_its_own() -> None:
    found = [retries.in_force(schedule("day", jobs.thrice, name=f"s{number}")).intervals for number in range(50)]
    assert len(set(found)) > 25
    assert found[7] == retries.in_force(schedule("day", jobs.thrice, name="s7")).intervals


def test_the_default_stands_in_the_job_that_is_copied_at_each_tick() -> None:
    hash_ = fields(schedule("day"))
    assert (hash_[b"retries_left"], hash_[b"attempts"]) == (b"5", b"6")
    assert b"retries_left" not in fields(schedule("day", jobs.once))
    assert JobOptions().retries is None, "jobs that an application enqueues have no default"


def test_max_attempts_stands_in_the_job_when_it_is_said() -> None:
    assert fields(schedule("day", jobs.fragile))[b"max_attempts"] == b"1"
    assert b"max_attempts" not in fields(schedule("day"))


def test_a_result_that_nobody_wants_lives_long_enough_to_be_seen() -> None:
    assert fields(schedule("day", jobs.result_unwanted))[b"result_ttl"] == b"30"
