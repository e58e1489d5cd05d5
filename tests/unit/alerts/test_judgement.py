"""When a schedule's runs raise an alert, and when it is over."""

from __future__ import annotations

from typing import Any

import pytest

from rqclock import Clock
from rqclock.acts.pauses import Pause
from rqclock.acts.skips import Skip
from rqclock.alerts.finding import Finding
from rqclock.alerts.judgement import Seen, judge
from rqclock.alerts.reading import undecided
from rqclock.cli.explain import words
from rqclock.errors import TimetableError
from rqclock.timetable.schedules import Schedule
from rqclock.views.history import Run
from rqclock.web.coming import policies
from tests.support import jobs

DUE = 1_800_000_000
MINUTE = 60


def schedule(**options: Any) -> Schedule:
    clock = Clock(timezone="Europe/London")
    clock.every("10 minutes", name="report", **options).enqueue(jobs.plain)
    return clock.timetable().schedules[0]


def run(tick: int = DUE, decision: str = "enqueued", **facts: Any) -> Run:
    return Run(tick, decision, **{"job_id": f"report_{tick}", "status": "queued", **facts})


def found(kind: str, *runs: Run, now: float, undecided: tuple[int, ...] = (), **options: Any) -> Finding:
    seen = Seen("default", schedule(**options), runs, undecided)
    return next(finding for finding in judge(seen, now) if finding.kind.slug == kind)


def started(*runs: Run, now: float, **more: Any) -> Finding:
    return found("not-started", *runs, now=now, must_start_within="5 minutes", **more)


def finished(*runs: Run, now: float, **more: Any) -> Finding:
    return found("not-finished", *runs, now=now, must_finish_within="30 minutes", **more)


def failed(*runs: Run, now: float = DUE + 3600) -> Finding:
    return found("failed-for-good", *runs, now=now)


def test_nothing_is_promised_of_a_schedule_that_says_nothing() -> None:
    kinds = [finding.kind.slug for finding in judge(Seen("default", schedule(), (run(),)), DUE + 86400)]
    assert kinds == ["refused", "failed-for-good"]


def test_a_run_that_could_not_be_queued_is_told_until_a_later_one_is() -> None:
    refused = run(DUE, "refused", status=None, reason="its condition raised KeyError: 'x'")
    skipped = run(DUE + 10 * MINUTE, "skipped", status=None)
    bad = found("refused", skipped, refused, now=DUE + 11 * MINUTE)
    assert (bad.bad, bad.at, bad.since) == (True, DUE, DUE)
    assert "report was not queued: due Fri 15 Jan 2027 08:00:00 GMT; its condition raised KeyError" in bad.text
    well = found("refused", run(DUE + 20 * MINUTE), skipped, refused, now=DUE + 21 * MINUTE)
    assert (well.bad, well.text) == (False, "report is queued again")


def test_one_that_has_promised_a_start_is_late_and_is_not_told_twice() -> None:
    seen = Seen("default", schedule(must_start_within="5 minutes"), (run(DUE, "refused", status=None),))
    assert [finding.kind.slug for finding in judge(seen, DUE + 600) if finding.bad] == ["not-started"]


def test_a_run_may_wait_as_long_as_was_promised_and_no_longer() -> None:
    assert started(run(), now=DUE + 5 * MINUTE).bad is None
    late = started(run(), now=DUE + 5 * MINUTE + 1)
    assert (late.bad, late.at, late.since, late.id) == (True, DUE, DUE + 5 * MINUTE, "not-started:default:report")


@pytest.mark.parametrize("status", ["started", "scheduled", "finished", "failed", "stopped", "abandoned"])
def test_whatever_has_begun_has_started(status: str) -> None:
    assert started(run(status=status), now=DUE + 3600).bad is False


def test_a_job_that_went_back_to_the_queue_had_started() -> None:
    assert started(run(attempt=2), now=DUE + 3600).bad is False
    assert started(run(status="unknown"), now=DUE + 3600).bad is None


@pytest.mark.parametrize("decision", ["missed", "refused"])
def test_a_run_that_was_not_queued_has_neither_started_nor_finished(decision: str) -> None:
    lost = run(decision=decision, status=None, job_id=None)
    assert started(lost, now=DUE + 3600).bad is True
    assert finished(lost, now=DUE + 3600).bad is True


def test_a_run_that_nobody_has_decided_has_neither_started_nor_finished() -> None:
    assert started(now=DUE + 3600, undecided=(DUE,)).bad is True
    assert finished(now=DUE + 3600, undecided=(DUE,)).bad is True


def test_a_skipped_run_raises_nothing_and_mends_nothing() -> None:
    skipped = run(DUE + 600, "skipped", status=None)
    assert started(skipped, now=DUE + 7200).bad is None
    assert started(skipped, run(status="finished"), now=DUE + 7200).bad is False
    assert started(skipped, run(decision="missed", status=None), now=DUE + 7200).bad is True


def test_a_run_must_have_finished_not_only_begun() -> None:
    running = run(status="started", started_at=DUE + 1.0)
    assert finished(running, now=DUE + 30 * MINUTE).bad is None
    assert finished(running, now=DUE + 30 * MINUTE + 1).bad is True
    assert finished(run(status="finished"), now=DUE + 7200).bad is False


def test_a_run_that_waits_for_its_retry_has_not_finished() -> None:
    assert finished(run(status="scheduled", error="OSError: no disk"), now=DUE + 3600).bad is True


def test_that_a_run_failed_is_one_alert_and_not_two() -> None:
    ended = run(status="failed", error="ValueError: no", finished_at=DUE + 60.0)
    assert finished(ended, now=DUE + 7200).bad is None
    assert failed(ended).bad is True


def test_a_run_that_hangs_is_told_although_later_ones_are_well() -> None:
    hanging = run(status="started", started_at=DUE + 1.0)
    later = [run(DUE + n * 600, status="finished") for n in (3, 2, 1)]
    late = finished(*later, hanging, now=DUE + 3600)
    assert (late.bad, late.at) == (True, DUE)


def test_a_missed_run_is_mended_by_a_later_one() -> None:
    missed = run(decision="missed", status=None)
    assert finished(run(DUE + 600, status="finished"), missed, now=DUE + 7200).bad is False


def test_runs_by_hand_and_those_queued_later_on_purpose_are_not_late() -> None:
    by_hand = run(job_id="report_20270115T080000Z_rab12")
    backfilled = run(DUE + 1, backfilled_from="missed")
    assert started(by_hand, backfilled, now=DUE + 86400).bad is None


def test_the_newest_end_tells_whether_a_schedule_fails() -> None:
    bad, good = run(status="failed", finished_at=DUE + 5.0), run(DUE + 600, status="finished")
    assert failed(bad).bad is True
    assert failed(good, bad).bad is False
    assert failed(run(DUE + 1200), bad).bad is True  # one that waits says nothing
    assert failed(run(DUE + 600, status="stopped"), bad).bad is None  # a person stopped it


def test_a_failure_is_told_although_the_next_run_came_soon_and_went_well() -> None:
    bad, good = run(status="failed", finished_at=DUE + 605.0), run(DUE + 600, status="finished")
    assert failed(good, bad, now=DUE + 610).bad is True
    assert failed(good, bad, now=DUE + 700).bad is False


def test_a_job_that_only_lost_its_worker_has_not_failed_for_good() -> None:
    killed = run(status="failed", error="Work-horse terminated unexpectedly; waitpid returned 9", finished_at=DUE + 5.0)
    assert failed(killed).bad is None
    assert failed(run(status="abandoned", error="AbandonedJobError: 3 workers", finished_at=DUE + 5.0)).bad is True


def test_what_an_alert_says() -> None:
    late = started(run(), now=DUE + 3600)
    assert late.text == (
        "report has not started in time: due Fri 15 Jan 2027 08:00:00 GMT, to be started within 5 min; "
        "it waits in its queue"
    )
    running = finished(run(status="started", started_at=DUE + 61.0), now=DUE + 3600)
    assert running.text.endswith("to be finished within 30 min; running since 08:01:01 GMT")
    missed = finished(run(decision="missed", status=None, reason="clock was down"), now=DUE + 3600)
    assert missed.text.endswith("it was missed: clock was down")
    undecided_ = finished(now=DUE + 3600, undecided=(DUE,))
    assert undecided_.text.endswith("it is not queued yet: no clock has come to it")
    bad = failed(run(status="failed", error="OSError: no disk", finished_at=DUE + 5.0, attempt=3, of=3))
    assert bad.text == ("report failed for good: due Fri 15 Jan 2027 08:00:00 GMT; OSError: no disk (attempt 3 of 3)")


def test_what_will_be_skipped_is_not_waited_for() -> None:
    every = schedule()
    now = DUE + 1800.0
    assert undecided(every, DUE, now) == [DUE + 600, DUE + 1200, DUE + 1800]
    ended = Pause("report", "Ann", "", DUE, until=DUE + 1000)
    assert undecided(every, DUE, now, pauses=[ended]) == [DUE + 1200, DUE + 1800]
    assert undecided(every, DUE, now, pauses=[Pause("*", "Ann", "", DUE)]) == []
    assert undecided(every, DUE, now, skip=Skip("report", DUE + 600, "Ann")) == [DUE + 1200, DUE + 1800]


def test_a_holiday_is_not_waited_for() -> None:
    clock = Clock(timezone="Europe/London", calendar="GB-ENG")
    clock.every("day", at="08:00", name="report", if_holiday="skip").enqueue(jobs.plain)
    christmas = 1_798_185_600  # 2026-12-25 08:00 in London
    report = clock.timetable().schedules[0]
    assert list(report.between(christmas - 1, christmas)) == [christmas]
    assert undecided(report, christmas - 1, christmas + 3600.0) == []


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"must_start_within": 0}, "must_start_within=0: say 1 second or more"),
        ({"must_finish_within": "soon"}, "must_finish_within='soon'"),
        ({"must_start_within": "1 hour", "must_finish_within": "30 minutes"}, "must_finish_within is less than"),
    ],
)
def test_a_promise_that_means_nothing_is_refused_with_its_line(options: dict[str, Any], line: str) -> None:
    with pytest.raises(TimetableError, match=line):
        schedule(**options)


def test_promises_are_said_where_a_schedule_is_explained() -> None:
    said = list(words(schedule(must_start_within="5 minutes", must_finish_within="1 hour"), DUE))
    assert "  an alert if it has not started within 5 min" in said
    assert "  an alert if it has not finished within 1 h" in said
    assert ("Must start within", "5 minutes") in policies(schedule(must_start_within=300))
