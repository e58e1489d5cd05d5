"""Which runs a look reads anew."""

from __future__ import annotations

from rqclock.alerts.reading import ANEW_AFTER, Known
from rqclock.views.history import Run

NOW = 1_800_000_000.0
NAMES = [b"20", b"10"]


def known(*runs: Run) -> Known:
    return Known(NAMES, list(runs), NOW)


def test_runs_that_ended_well_are_not_read_again_for_a_minute() -> None:
    ended = known(Run(20, "enqueued", status="finished"), Run(10, "skipped"))
    assert ended.holds(NAMES, NOW + 5)
    assert not ended.holds(NAMES, NOW + ANEW_AFTER)


def test_a_newer_run_or_a_time_before_means_reading_again() -> None:
    ended = known(Run(20, "enqueued", status="finished"))
    assert not ended.holds([b"30", *NAMES], NOW + 5)
    assert not ended.holds(NAMES, NOW - 5)


def test_what_runs_or_may_be_queued_again_is_read_at_each_look() -> None:
    for status in ("queued", "started", "scheduled", "failed", "stopped", "unknown"):
        assert not known(Run(20, "enqueued", status=status)).holds(NAMES, NOW + 5)
