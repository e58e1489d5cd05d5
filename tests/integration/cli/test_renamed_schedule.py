"""A schedule is found by the name that it had, and by the one that it has, with all that was done under either."""

from __future__ import annotations

import pytest
import redis as redis_py

from rqclock.loading import load
from rqclock.store.ticks import iso
from tests.support.command import Rqclock
from tests.support.leader import Leader

from .conftest import CLOCK


@pytest.fixture
def renamed(rqclock: Rqclock, leader: Leader, redis: redis_py.Redis) -> Leader:
    """Two runs of `broken` have failed; then it was called `cracked`."""
    leader.step(2)
    leader.work()
    with open("clock.py", "w") as file:
        file.write(CLOCK.replace('name="broken"', 'name="cracked", renamed_from="broken"'))
    return Leader(redis, load("clock.py"), leader.time).lead()


@pytest.mark.parametrize("name", ["broken", "cracked"])
def test_its_failed_jobs_are_listed_by_either_name(rqclock: Rqclock, renamed: Leader, name: str) -> None:
    shown = rqclock("failed", "list", "--schedule", name, "--json")
    assert [line["job_id"].partition("_")[0] for line in shown.lines] == ["broken"] * 2
    assert shown.code == 1
    assert ("'broken' is called 'cracked' now" in shown.err) == (name == "broken")
    assert rqclock("failed", "list", "--schedule", "tick").code == 0


def test_its_failed_jobs_are_queued_again_and_their_runs_are_open(rqclock: Rqclock, renamed: Leader) -> None:
    assert rqclock("failed", "requeue", "--schedule", "cracked", "--yes").out == "2 of 2 failed jobs queued again\n"
    runs = rqclock("history", "cracked", "--json").lines
    assert {run["status"] for run in runs} == {"queued"}
    assert "jobs 2, of schedule cracked" in " ".join(rqclock("activity").out.split())


def test_whoever_asks_by_the_old_name_is_told_the_new_one(rqclock: Rqclock, renamed: Leader) -> None:
    answer = rqclock("why", "broken", iso(renamed.time.now - 1))
    assert answer.code == 0
    assert answer.err == "'broken' is called 'cracked' now\n"
    assert answer.out.startswith("cracked, ") and "failed" in answer.out


def test_who_acts_by_the_old_name_is_refused_with_the_new_one(rqclock: Rqclock, renamed: Leader) -> None:
    refused = rqclock("pause", "broken", "--reason", "the register is down")
    assert refused.code == 2
    assert "there is no schedule 'broken' in the timetable in force: it is called 'cracked' now" in refused.err


def test_a_backfill_from_before_its_first_definition_says_so(rqclock: Rqclock, renamed: Leader) -> None:
    preview = rqclock("backfill", "cracked", "--from", "2 days", "--dry-run")
    assert preview.code == 1
    assert "cracked: its definition began on " in preview.err
    assert "nothing is known of the time before" in preview.err
    assert "its definition began" not in rqclock("backfill", "cracked", "--from", iso(renamed.time.now - 1) or "").err
