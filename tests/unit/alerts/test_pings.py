"""What a monitor is told of runs."""

from __future__ import annotations

from typing import Any

from rqclock import Clock
from rqclock.alerts.judgement import Seen
from rqclock.alerts.pings import LATELY, pings
from rqclock.alerts.register import Message
from rqclock.views.history import Run
from tests.support import jobs

DUE = 1_800_000_000
ERROR = "Work-horse terminated unexpectedly; waitpid returned 9"


def run(second: int, status: str, **facts: Any) -> Run:
    started = DUE + second + 0.5
    return Run(DUE + second, "enqueued", job_id=f"report_{second}", status=status, started_at=started, **facts)


def told(*runs: Run, now: float = DUE + 60.0) -> list[Message]:
    clock = Clock()
    clock.every("second", name="weekly report").enqueue(jobs.plain)
    return list(pings(Seen("default", clock.timetable().schedules[0], runs), now))


def events(*runs: Run, **more: Any) -> list[tuple[str, str]]:
    return [(message.notice["id"].partition(":")[0], message.notice["event"]) for message in told(*runs, **more)]


def test_start_and_end_are_told_in_their_order_oldest_run_first() -> None:
    first, second = run(1, "finished", finished_at=DUE + 9.0), run(2, "failed", finished_at=DUE + 3.0)
    assert events(second, first) == [
        ("report_1", "start"), ("report_2", "start"), ("report_2", "fail"), ("report_1", "success"),
    ]  # fmt: skip


def test_each_waits_for_the_one_before_it() -> None:
    messages = told(run(1, "finished", finished_at=DUE + 1.5))
    assert [message.after for message in messages] == ["", messages[0].id]
    assert {message.notice["schedule"] for message in messages} == {"weekly-report"}


def test_a_run_that_waits_or_was_not_queued_tells_nothing() -> None:
    assert events(Run(DUE, "enqueued", job_id="a", status="queued"), Run(DUE + 1, "missed")) == []


def test_a_run_that_will_be_tried_again_has_not_failed() -> None:
    assert events(run(1, "scheduled", finished_at=DUE + 2.0)) == [("report_1", "start")]
    assert events(run(1, "failed", error=ERROR, finished_at=DUE + 2.0)) == [("report_1", "start")]


def test_what_is_long_past_is_not_told() -> None:
    assert events(run(1, "finished", finished_at=DUE + 2.0), now=DUE + LATELY + 3) == []
