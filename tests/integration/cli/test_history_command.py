"""`rqclock history NAME`: what became of the runs, for programs and for people."""

from __future__ import annotations

import json
from datetime import datetime

from rqclock.running.entries import Outage
from tests.support.command import Rqclock
from tests.support.leader import Leader

KEYS = [
    "tick",
    "decision",
    "reason",
    "job_id",
    "status",
    "started_at",
    "finished_at",
    "duration",
    "worker",
    "error",
    "lateness",
]


def test_history_as_json_is_one_object_a_line_newest_first(rqclock: Rqclock, leader: Leader) -> None:
    leader.step(3)
    result = rqclock("history", "tick", "--json")
    assert (result.code, result.err) == (0, "")
    assert [list(line)[: len(KEYS)] for line in result.lines] == [KEYS] * 3
    assert [line["tick"] for line in result.lines] == sorted((line["tick"] for line in result.lines), reverse=True)


def test_a_run_on_its_way_has_no_times_yet(rqclock: Rqclock, leader: Leader) -> None:
    leader.step(1.25)
    [line] = rqclock("history", "tick", "--json").lines
    assert datetime.fromisoformat(line["tick"]).timestamp() == int(leader.time.now)
    assert (line["decision"], line["status"], line["lateness"]) == ("enqueued", "queued", 0.25)
    assert all(line[name] is None for name in ("started_at", "finished_at", "duration", "worker", "error", "reason"))


def test_an_ended_run_has_its_times_its_worker_and_its_error(rqclock: Rqclock, leader: Leader) -> None:
    leader.step(1)
    leader.work()
    [good] = rqclock("history", "tick", "--json").lines
    [bad] = rqclock("history", "broken", "--json").lines
    assert (good["status"], bad["status"]) == ("finished", "failed")
    assert bad["error"] == "ValueError: the door is shut"
    assert good["error"] is None
    for line in (good, bad):
        assert isinstance(line["duration"], float) and line["duration"] >= 0
        assert line["started_at"].endswith("Z") and line["finished_at"] >= line["started_at"]
        assert line["worker"]


def test_missed_and_skipped_runs_say_why(rqclock: Rqclock, leader: Leader) -> None:
    leader.step(1)
    leader.connection.hset(leader.keys.named("paused"), "tick", json.dumps({"by": "ann", "why": "audit"}))
    leader.step(1)
    leader.connection.delete(leader.keys.named("paused"))
    leader.time.pass_by(20)
    leader.look_anew(Outage(leader.time.now - 20))
    leader.step()
    lines = rqclock("history", "tick", "-n", "50", "--json").lines
    told = {line["decision"]: line["reason"] for line in lines}
    assert told["skipped"] == "paused by ann: audit"
    assert "clock was down" in told["missed"]
    assert all(line["job_id"] is None for line in lines if line["decision"] != "enqueued")


def test_no_more_runs_are_told_than_asked_for(rqclock: Rqclock, leader: Leader) -> None:
    leader.step(9)
    assert len(rqclock("history", "tick", "-n", "4", "--json").lines) == 4


def test_a_schedule_without_runs_is_an_empty_answer_and_no_error(rqclock: Rqclock, leader: Leader) -> None:
    result = rqclock("history", "sums", "--json")
    assert (result.code, result.out) == (0, "")


def test_an_unknown_schedule_is_an_error_with_a_suggestion(rqclock: Rqclock, leader: Leader) -> None:
    result = rqclock("history", "sumz", "--json")
    assert (result.code, result.out) == (2, "")
    assert 'did you mean "sums"' in result.err


def test_people_see_which_worker_had_it(rqclock: Rqclock, leader: Leader) -> None:
    leader.step(1)
    leader.work()
    [run] = rqclock("history", "tick", "--json").lines
    out = rqclock("history", "tick").out
    assert "Worker" in out and run["worker"][:12] in out


def test_people_get_a_table_of_the_same_runs(rqclock: Rqclock, leader: Leader) -> None:
    leader.step(1)
    leader.work()
    out = rqclock("history", "broken").out
    assert "failed" in out and "the door is shut" in out and "enqueued" in out
