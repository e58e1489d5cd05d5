"""`rqclock run NAME`: the job of a schedule, now."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import redis as redis_py

from rqclock import Job
from rqclock.loading import load
from tests.support.command import Rqclock
from tests.support.leader import Leader


def test_run_queues_the_job_and_tells_its_id(rqclock: Rqclock, leader: Leader) -> None:
    result = rqclock("run", "sums", "--json")
    assert result.code == 0
    assert leader.queued() == [result.json["job_id"]]


def test_run_takes_other_arguments(rqclock: Rqclock, leader: Leader) -> None:
    by_place, by_name = (rqclock("run", "sums", "--args", text, "--json").json for text in ("[2, 3]", '{"a": 7}'))
    leader.work()
    results = [Job.fetch(told["job_id"], connection=leader.connection).return_value() for told in (by_place, by_name)]
    assert results == [5, 7]


def test_one_token_runs_once(rqclock: Rqclock, leader: Leader) -> None:
    first, second = (rqclock("run", "sums", "--token", "a1", "--json").json for _ in range(2))
    assert first["job_id"] == second["job_id"]
    assert (first["again"], second["again"]) == (False, True)
    assert "was queued before, by this token" in rqclock("run", "sums", "--token", "a1").out
    assert len(leader.queued()) == 1


def test_a_run_by_hand_stands_in_the_history_with_who_and_why(rqclock: Rqclock, leader: Leader) -> None:
    rqclock("run", "sums", "--reason", "the minister asks")
    [line] = rqclock("history", "sums", "--json").lines
    assert "the minister asks" in line["reason"]
    assert line["lateness"] is None


@pytest.mark.parametrize("arguments", ["{", "5", '"text"', "nonsense", "[NaN]"])
def test_arguments_that_are_none_are_refused_and_nothing_is_queued(
    rqclock: Rqclock, leader: Leader, arguments: str
) -> None:
    result = rqclock("run", "sums", "--args", arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err
    assert leader.queued() == []


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ('{"a": 1, "nope": 1}', "tests.support.jobs.add(a, b=…): got an unexpected keyword argument 'nope'"),
        ("[1, 2, 3]", "tests.support.jobs.add(a, b=…): too many positional arguments"),
        ("[]", "tests.support.jobs.add(a, b=…): missing a required argument: 'a'"),
    ],
)
def test_a_call_that_could_only_fail_in_a_worker_is_refused(
    rqclock: Rqclock, leader: Leader, arguments: str, problem: str
) -> None:
    os.remove("clock.py")  # who asks need not have the function
    result = rqclock("run", "sums", "--args", arguments)
    assert (result.code, result.out) == (2, "")
    assert problem in result.err and len(result.err.splitlines()) == 1
    assert leader.queued() == []


def test_a_schedule_that_is_not_to_be_run_by_hand_is_refused_with_its_line(
    rqclock: Rqclock, redis: redis_py.Redis
) -> None:
    with Path("clock.py").open("a") as file:
        file.write("clock.every('day', name='shut', run_now=False).enqueue(jobs.plain)\n")
    leader = Leader(redis, load("clock.py")).lead()
    result = rqclock("run", "shut")
    assert result.code == 2
    assert "run_now=False, clock.py:9" in result.err
    assert leader.queued() == []


def test_a_schedule_that_no_clock_has_published_is_refused(rqclock: Rqclock, redis: object) -> None:
    result = rqclock("run", "sums")
    assert result.code == 2
    assert "start a clock" in result.err
