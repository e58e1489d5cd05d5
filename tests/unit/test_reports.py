"""What the clock's log says of decisions: words, and no part of the ledger's JSON."""

from __future__ import annotations

from typing import Any

import pytest

from rqclock.running.reports import log_decisions
from rqclock.store.ledger import Entry, Verdict
from tests.support.leader import BEGAN, seconds

[SCHEDULE] = seconds("report").timetable().schedules


def said(caplog: pytest.LogCaptureFixture, decision: str, detail: str, **row: Any) -> str:
    with caplog.at_level("INFO", "rqclock.clock"):
        log_decisions([Entry(SCHEDULE, BEGAN + 60, BEGAN, None, row or None)], [Verdict(decision, detail)])
    return caplog.messages[-1]


def test_a_run_that_is_queued_names_its_queue(caplog: pytest.LogCaptureFixture) -> None:
    assert said(caplog, "enqueued", "") == "enqueued report due 2027-01-15T08:01:00Z -> default"


def test_programs_find_a_line_by_schedule_tick_and_job(caplog: pytest.LogCaptureFixture) -> None:
    said(caplog, "enqueued", "")
    facts = vars(caplog.records[-1])
    assert (facts["schedule"], facts["tick"], facts["decision"]) == ("report", "2027-01-15T08:01:00Z", "enqueued")
    assert facts["job_id"] == "report_20270115T080100Z"
    said(caplog, "skipped", ',"why":"paused by Ann"')
    assert vars(caplog.records[-1])["decision"] == "skipped" and "job_id" not in vars(caplog.records[-1])


def test_a_run_that_is_skipped_says_why(caplog: pytest.LogCaptureFixture) -> None:
    line = said(caplog, "skipped", ',"why":"paused by Ann: \\"moving\\""')
    assert line == 'skipped report due 2027-01-15T08:01:00Z: paused by Ann: "moving"'


def test_a_span_of_runs_says_how_many_and_from_when(caplog: pytest.LogCaptureFixture) -> None:
    line = said(caplog, "missed", f',"why":"window","from":{BEGAN},"n":61,"down":[{BEGAN},{BEGAN + 60}]')
    assert line.startswith(
        "missed report, 61 runs due 2027-01-15T08:00:00Z to 2027-01-15T08:01:00Z: outside the catch-up"
    )
    assert "clock was down 15 Jan 08:00" in line
