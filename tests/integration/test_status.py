"""How things stand, read from Redis alone."""

from __future__ import annotations

import time

import redis as redis_py
from rq import Queue, Worker

from rqclock import Clock
from rqclock.store.keys import Keys
from rqclock.store.presence import clocks
from rqclock.views.status import read_status
from tests.support import jobs
from tests.support.leader import Leader, Time, seconds


def now() -> Time:
    return Time(now=time.time())


def test_an_empty_redis_has_no_leader_and_no_schedules(redis: redis_py.Redis) -> None:
    status = read_status(redis, Keys("rq", "default"))
    assert (status.leader, status.standbys, status.schedules, status.queues, status.workers) == (None, [], [], [], [])
    assert status.silent_since is None


def test_leader_and_standbys_are_told_apart(redis: redis_py.Redis) -> None:
    time = now()
    leader = Leader(redis, seconds(), time, host="a", pid=1).lead()
    Leader(redis, seconds(), time, host="b", pid=2).join().beat()
    status = read_status(redis, leader.keys)
    assert status.leader is not None
    assert (status.leader.host, status.leader.pid, status.leader.epoch) == ("a", 1, 1)
    assert abs(status.leader.since - time.now) < 1
    assert [(standby.host, standby.pid, standby.epoch) for standby in status.standbys] == [("b", 2, None)]


def test_a_clock_that_stopped_beating_no_longer_leads_and_the_page_says_since_when(redis: redis_py.Redis) -> None:
    past = Time(now=time.time() - 60)
    leader = Leader(redis, seconds(), past).lead()
    status = read_status(redis, leader.keys)
    assert status.leader is None
    assert status.standbys == []
    assert status.silent_since is not None and abs(status.silent_since - past.now) < 0.01


def test_a_clock_that_handed_over_leads_no_longer(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds(), now()).lead()
    leader.lease.leave()
    assert read_status(redis, leader.keys).leader is None


def test_a_schedule_brings_its_line_its_next_run_and_its_last_runs(redis: redis_py.Redis) -> None:
    clock = Clock(timezone="Europe/London")
    clock.every("second", name="tick", owner="team north").enqueue(jobs.retried)
    began = time.time()
    leader = Leader(redis, clock, Time(now=began)).lead()
    leader.step(2)
    [found] = read_status(redis, leader.keys, runs=1).schedules
    assert (found.name, found.when, found.timezone, found.queue) == ("tick", "every second", "Europe/London", "mail")
    assert found.job == "tests.support.jobs.retried"
    assert found.owner == "team north"
    assert found.file.endswith(f"test_status.py:{leader.schedule().line}")
    assert found.next is not None and found.next > began
    assert len(found.runs) == 1


def test_schedules_come_by_name_and_paused_ones_say_so(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds("b", "a"), now()).lead()
    redis.hset(leader.keys.named("paused"), "a", '{"by": "ann", "why": "", "at": 1, "until": null}')
    found = read_status(redis, leader.keys).schedules
    assert [(schedule.name, bool(schedule.paused)) for schedule in found] == [("a", True), ("b", False)]


def test_queues_say_how_many_wait_and_how_many_work(redis: redis_py.Redis) -> None:
    Queue("mail", connection=redis).enqueue(jobs.plain)
    worker = Worker(["mail"], connection=redis, name="w1")
    worker.register_birth()
    worker.set_state("idle")
    status = read_status(redis, Keys("rq", "default"))
    assert status.queues == [{"name": "mail", "count": 1, "workers": 1}]
    assert [(found["name"], found["queues"]) for found in status.workers] == [("w1", ["mail"])]


def test_a_broken_queue_does_not_hide_the_others(redis: redis_py.Redis) -> None:
    Queue("mail", connection=redis).enqueue(jobs.plain)
    redis.sadd("rq:queues", "rq:queue:broken")
    redis.set("rq:queue:broken", "not a list")
    assert {queue["name"]: queue["count"] for queue in read_status(redis, Keys("rq", "default")).queues} == {
        "broken": 0,
        "mail": 1,
    }


def test_every_clock_that_published_is_known_by_name(redis: redis_py.Redis) -> None:
    for name in ("Pensions", "grants"):
        clock = Clock(name=name)
        clock.every("day").enqueue(jobs.plain)
        Leader(redis, clock, now()).lead()
    assert clocks(redis, "rq") == ["Pensions", "grants"]
