"""The clock files that ship: the sample application's own, and those of real services under examples/."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from rqclock.loading import load
from rqclock.timetable.schedules import Schedule

ROOT = Path(__file__).resolve().parents[2]
APPLY = "examples/apply_for_teacher_training/clock.py"
SPRING = int(datetime(2026, 3, 28, 12, tzinfo=UTC).timestamp())  # the noon before the night without a 01:01 in London


def schedules(file: str) -> dict[str, Schedule]:
    return {schedule.name: schedule for schedule in load(str(ROOT / file)).schedules}


def next_run(schedule: Schedule, instant: int = SPRING) -> str:
    assert schedule.trigger is not None
    tick = schedule.trigger.after(instant)
    assert tick is not None
    return datetime.fromtimestamp(tick, UTC).isoformat()


def test_the_sample_application_runs_every_few_seconds_in_development_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RQCLOCK_DEVELOPMENT", raising=False)
    everywhere = schedules("clock.py")
    monkeypatch.setenv("RQCLOCK_DEVELOPMENT", "1")
    extra = schedules("clock.py").keys() - everywhere.keys()
    assert all(name.startswith("development: ") for name in extra)
    assert all(schedule.trigger.period >= 60 for schedule in everywhere.values() if schedule.trigger)
    assert extra


def test_the_largest_public_timetable_has_all_its_forty_lines() -> None:
    assert len(schedules(APPLY)) == 40


@pytest.mark.parametrize(
    ("name", "due"),
    [
        ("incremental sync", "2026-03-28T12:10:00+00:00"),
        ("candidates.chase_pool_invites", "2026-03-28T12:35:00+00:00"),
        ("checks.delete_all_drafts", "2026-03-29T03:01:00+00:00"),  # 04:01 in London's summer
        ("end_of_cycle.decline_by_default", "2026-03-29T01:00:00+00:00"),  # 01:01 is left out: at 02:00
        ("end_of_cycle.remind_providers_of_reject_by_default", "2026-03-29T00:00:00+00:00"),
        ("generate export for TAD", "2026-03-28T23:59:00+00:00"),
        ("full sync", "2026-04-03T23:59:00+00:00"),  # Saturday 00:59 in London's summer
        ("reports.schedule_performance_reports", "2026-03-30T04:30:00+00:00"),
    ],
)
def test_a_public_timetable_is_due_at_its_local_times(name: str, due: str) -> None:
    assert next_run(schedules(APPLY)[name]) == due


def test_a_condition_of_a_public_timetable_is_asked_with_local_time() -> None:
    condition = schedules(APPLY)["reports.send_stats_summary"].predicate
    assert condition is not None
    assert [condition(datetime(2026, 6, day, 17)) for day in (1, 4, 5, 7)] == [True, True, False, False]


def test_the_arguments_of_a_public_timetable_reach_its_jobs() -> None:
    found = schedules(APPLY)
    assert found["incremental sync"].target.args == (True,)
    assert found["full sync"].target.args == (False,)
    assert found["checks.update_duplicate_matches"].target.args == ({"notify_slack_at": 13},)
