"""Which timetable commands go by: the one in force in Redis, whatever clock file lies here, if any."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import redis as redis_py

from rqclock.loading import load
from tests.support.command import Rqclock
from tests.support.leader import Leader, Time

BESIDE = """
from rqclock import Clock
from tests.support import jobs

clock = Clock(timezone="Europe/London")
clock.every("second", name="tick").enqueue(jobs.retried)
clock.every("day", at="10:35", name="not deployed yet").enqueue(jobs.plain)
"""
COMMANDS = [
    ("status",),
    ("history", "tick"),
    ("run", "tick"),
    ("why", "tick", "08:00"),
    ("audit",),
    ("activity",),
    ("pause", "--all", "--reason", "x"),
    ("failed", "discard", "--all", "--yes"),
    ("quarantine", "list"),
]


@pytest.fixture(params=["absent", "broken", "without it"])
def file_here(request: pytest.FixtureRequest, leader: Leader) -> str:
    """What is the matter with the clock file."""
    if request.param == "absent":
        os.remove("clock.py")
    else:
        wrong = request.param == "broken"
        Path("clock.py").write_text("import nothing\n" if wrong else "from rqclock import Clock\nclock = Clock()\n")
    return str(request.param)


def test_status_history_and_run_need_no_clock_file(rqclock: Rqclock, leader: Leader, file_here: str) -> None:
    leader.step(2)
    status = rqclock("status", "--json")
    assert (status.code, [one["name"] for one in status.json["schedules"]]) == (0, ["broken", "sums", "tick"])
    assert len(rqclock("history", "tick", "--json").lines) == 2
    assert rqclock("run", "sums", "--json").json["job_id"] in leader.queued()
    assert ("cannot be used" in status.err) == (file_here == "broken")


def test_a_run_by_hand_goes_by_what_is_in_force_and_not_by_the_file_here(rqclock: Rqclock, leader: Leader) -> None:
    Path("clock.py").write_text(BESIDE)
    job_id = rqclock("run", "tick", "--json").json["job_id"]
    assert (leader.queued(), leader.queued("mail")) == ([job_id], [])
    refused = rqclock("run", "not deployed yet")
    assert refused.code == 2
    assert "there is no schedule 'not deployed yet' in the timetable in force" in refused.err


def test_the_history_of_a_schedule_that_has_left_is_still_told(
    rqclock: Rqclock, leader: Leader, redis: redis_py.Redis
) -> None:
    leader.step(2)
    lines = Path("clock.py").read_text().splitlines(keepends=True)
    Path("clock.py").write_text("".join(line for line in lines if "broken" not in line))
    Leader(redis, load("clock.py"), Time(now=leader.time.now + 5), host="b").lead()
    decisions = [line["decision"] for line in rqclock("history", "broken", "--json").lines]
    assert (decisions.count("enqueued"), set(decisions)) == (2, {"enqueued", "missed"})
    assert rqclock("history", "broken").out.startswith("broken: it has left the timetable\n")
    assert "left the timetable" not in rqclock("history", "tick").out
    assert "broken" not in rqclock("status").out


@pytest.mark.parametrize("command", COMMANDS)
def test_a_clock_that_is_not_there_is_refused_with_the_nearest_and_nothing_is_done(
    rqclock: Rqclock, leader: Leader, redis: redis_py.Redis, command: tuple[str, ...]
) -> None:
    before = sorted(redis.keys("*"))
    result = rqclock(*command, "--clock", "defualt")
    assert (result.code, result.out) == (2, "")
    assert result.err == "there is no Clock 'defualt'; did you mean \"default\"?\n"
    assert sorted(redis.keys("*")) == before


def test_a_clock_that_resembles_none_is_refused_with_those_there_are(rqclock: Rqclock, leader: Leader) -> None:
    leader.connection.sadd("rq:clocks", "billing")
    result = rqclock("status", "--clock", "zzz")
    assert result.err == "there is no Clock 'zzz': those there are: billing, default\n"


def test_before_the_first_clock_any_name_may_be_meant(rqclock: Rqclock, redis: redis_py.Redis) -> None:
    assert rqclock("pause", "--all", "--reason", "not yet", "--clock", "to come").code == 0
    assert "start a clock first" in rqclock("pause", "tick", "--reason", "x", "--clock", "to come").err


def test_a_clock_file_that_the_environment_names_in_vain_is_told(
    rqclock: Rqclock, leader: Leader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RQCLOCK_FILE", "nosuch.py")
    result = rqclock("status")
    assert result.code == 0
    assert result.err == "nosuch.py cannot be used; going by the timetable of 'default' in Redis\n"


def test_a_schedule_on_demand_is_asked_about_in_the_zone_of_its_clock(rqclock: Rqclock, redis: redis_py.Redis) -> None:
    with Path("clock.py").open("a") as file:
        file.write("clock.on_demand('reindex').enqueue(jobs.plain)\n")
    Leader(redis, load("clock.py")).lead()
    [found] = rqclock("why", "reindex", "2026-07-01T08:00", "--json").lines
    assert (found["instant"], found["local"]) == ("2026-07-01T07:00:00Z", "2026-07-01T08:00:00+01:00")
