"""`rqclock status`: exit code 0 while a clock leads, 1 while none does."""

from __future__ import annotations

import re
import time
from datetime import datetime

from rq import Queue, Worker

from tests.support.command import Rqclock
from tests.support.leader import Leader, Time

KEYS = ["leader", "standbys", "redis", "queues", "workers", "schedules"]
PRESENCE = ["host", "pid", "epoch", "since", "held", "silent_for"]


def test_status_as_json_has_its_six_parts(rqclock: Rqclock, leader: Leader) -> None:
    result = rqclock("status", "--json")
    assert (result.code, result.err) == (0, "")
    assert list(result.json)[: len(KEYS)] == KEYS
    assert all(isinstance(result.json[name], list) for name in ("standbys", "queues", "workers", "schedules"))


def test_leader_and_standbys_are_told_in_one_shape(rqclock: Rqclock, leader: Leader) -> None:
    Leader(leader.connection, leader.timetable, leader.time, host="b", pid=8).join().beat()
    found = rqclock("status", "--json").json
    since = datetime.fromisoformat(found["leader"].pop("since"))
    assert found["leader"].pop("silent_for") < 60
    assert found["leader"] == {"host": "a", "pid": 7, "epoch": 1, "held": 0.0}
    assert abs(since.timestamp() - leader.time.now) < 1
    [standby] = found["standbys"]
    assert list(standby) == PRESENCE
    assert (standby["host"], standby["pid"], standby["epoch"]) == ("b", 8, None)


def test_a_standby_that_is_not_heard_any_more_is_told_to_be_silent(rqclock: Rqclock, leader: Leader) -> None:
    Leader(leader.connection, leader.timetable, Time(leader.time.now - 7), host="b", pid=8).join().beat()
    [standby] = rqclock("status", "--json").json["standbys"]
    assert standby["silent_for"] >= 7
    assert re.search(r"standing by: b \(pid 8, silent for \d+ s\)", rqclock("status").out)


def test_queues_workers_and_schedules_are_objects(rqclock: Rqclock, leader: Leader) -> None:
    leader.step(1)
    worker = Worker([Queue(connection=leader.connection)], connection=leader.connection, name="w1")
    worker.register_birth()
    worker.set_state("idle")
    found = rqclock("status", "--json").json
    assert found["queues"] == [{"name": "default", "count": 2, "workers": 1}]
    assert [worker["name"] for worker in found["workers"]] == ["w1"]
    assert [schedule["name"] for schedule in found["schedules"]] == ["broken", "sums", "tick"]
    assert all("next" in schedule and "last" in schedule for schedule in found["schedules"])
    assert found["redis"]["maxmemory_policy"] == "noeviction"


def test_without_a_leader_the_answer_is_no_and_still_complete(rqclock: Rqclock, leader: Leader) -> None:
    leader.lease.leave()
    result = rqclock("status", "--json")
    assert result.code == 1
    assert result.json["leader"] is None
    assert len(result.json["schedules"]) == 3


def test_an_empty_redis_has_no_leader(rqclock: Rqclock, redis: object) -> None:
    result = rqclock("status", "--json")
    assert (result.code, result.json["leader"], result.json["schedules"]) == (1, None, [])


def test_people_are_told_that_the_clock_is_silent_and_since_when(rqclock: Rqclock, leader: Leader) -> None:
    silent = Leader(leader.connection, leader.timetable, Time(now=time.time() - 3600))
    silent.lead()
    result = rqclock("status")
    assert result.code == 1
    assert "SILENT since" in result.out


def test_people_see_who_leads_and_every_schedule(rqclock: Rqclock, leader: Leader) -> None:
    result = rqclock("status")
    assert result.code == 0
    for word in ("pid 7", "standing by: none", "tick", "sums"):
        assert word in result.out
