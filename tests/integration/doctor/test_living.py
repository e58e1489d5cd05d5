"""Clocks and workers that live, or should."""

from __future__ import annotations

import time

import redis as redis_py

from rqclock import Clock
from rqclock.loading import load
from tests.integration.doctor.conftest import Doctor
from tests.support import jobs
from tests.support.leader import Leader, Time
from tests.support.processes import Launch
from tests.support.server import Server
from tests.support.waiting import until

OURS = ("-w", "rqclock.Worker", "-j", "rqclock.Job")


def leading(redis: redis_py.Redis, host: str = "a") -> Leader:
    """The clock of the folder's file, leading by the real time."""
    return Leader(redis, load("clock.py"), Time(now=int(time.time())), host=host, pid=7).lead()


def test_without_clock_or_worker_both_are_told_with_the_queues(doctor: Doctor, redis: redis_py.Redis) -> None:
    found = doctor()
    assert found.of("clock") == [("failure", "default: none leads")]
    assert found.of("workers") == [
        ("failure", "none takes jobs from queue default (tick)"),
        ("failure", "none takes jobs from queue mail (post)"),
    ]


def test_before_a_deploy_nobody_needs_to_live(doctor: Doctor, redis: redis_py.Redis) -> None:
    found = doctor(before_deploy=True)
    assert not found.of("clock")
    assert not found.of("workers")


def test_a_leading_clock_is_told(doctor: Doctor, redis: redis_py.Redis) -> None:
    leading(redis)
    assert doctor().of("clock") == [("ok", "default: a (pid 7) leads; 0 standing by")]


def test_a_clock_with_another_timetable_beside_it_is_told(doctor: Doctor, redis: redis_py.Redis) -> None:
    leading(redis)
    clock = Clock(timezone="Europe/London")
    clock.every("minute", name="tick").enqueue(jobs.plain)
    Leader(redis, clock, Time(now=int(time.time())), host="b", pid=8).join().beat()
    assert "live clocks have different timetables" in doctor().one("clock", "warning").what


def test_a_file_that_a_clock_would_refuse_to_put_in_force_stops_a_deploy(doctor: Doctor, redis: redis_py.Redis) -> None:
    clock = Clock()
    clock.every("minute", name="something else").enqueue(jobs.plain)
    Leader(redis, clock, Time(now=int(time.time())), host="b", pid=8).lead()
    check = doctor(before_deploy=True).one("clock", "failure")
    assert "the timetable in force under 'default' (1 in it) is another one" in check.what
    assert check.stops_deploy


def test_a_stock_worker_on_two_queues_is_told_with_why_that_loses_jobs(
    doctor: Doctor, redis: redis_py.Redis, redis_server: Server, launch: Launch
) -> None:
    launch("rq", "worker", "-u", redis_server.url, "-j", "rqclock.Job", "default", "mail").wait_for("Listening on", 60)
    found = doctor()
    check = found.one("workers", "warning")
    assert check.what.endswith(": default, mail)")
    assert "in no list" in check.why
    assert found.one("workers", "ok").what == "1 lives; every queue of a schedule has one"


def test_our_worker_on_two_queues_is_well(
    doctor: Doctor, redis: redis_py.Redis, redis_server: Server, launch: Launch
) -> None:
    launch("rq", "worker", "-u", redis_server.url, *OURS, "default", "mail").wait_for("Listening on", 60)
    assert doctor().of("workers") == [("ok", "1 lives; every queue of a schedule has one")]


def test_a_worker_that_has_signed_off_does_not_count(
    doctor: Doctor, redis: redis_py.Redis, redis_server: Server, launch: Launch
) -> None:
    worker = launch("rq", "worker", "-u", redis_server.url, *OURS, "default", "mail")
    worker.wait_for("Listening on", 60)
    [key] = redis.smembers("rq:workers")
    until(lambda: redis.hget(key, "state") == b"idle", 60)
    assert worker.stop(60) == 0
    assert [verdict for verdict, _ in doctor().of("workers")] == ["failure", "failure"]
