"""`rqclock alert`: which alerts are open."""

from __future__ import annotations

import json

import redis as redis_py

from rqclock.acts.activity import Entry
from rqclock.alerts.finding import Finding
from rqclock.alerts.kinds import CLOCK_SILENT
from rqclock.alerts.register import Register
from tests.support.command import Rqclock

NOW = 1_800_000_000.0


def test_open_alerts_are_listed_and_the_exit_code_says_that_there_are_any(
    rqclock: Rqclock, redis: redis_py.Redis
) -> None:
    assert (rqclock("alert", "list").code, rqclock("alert", "list").out) == (0, "no alert is open\n")
    finding = Finding(CLOCK_SILENT, True, "default", since=NOW, text="no clock leads 'default'")
    Register(redis, "rq").raise_(finding, {"id": "a"}, channels=[], now=NOW + 30, entry=Entry("alert", "rqclock"))
    listed = rqclock("alert", "list")
    assert listed.code == 1
    assert listed.out == "since 2027-01-15T08:00:00Z  clock-silent  no clock leads 'default'\n"
    facts = json.loads(rqclock("alert", "list", "--json").out)
    assert (facts["kind"], facts["raised"]) == ("clock-silent", "2027-01-15T08:00:30Z")
