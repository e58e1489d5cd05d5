"""A clock dies, at every point at which it matters."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from functools import partial

import pytest
import redis as redis_py

from tests.support.lab import LEASE, NOISE, ClockProcess, Lab
from tests.support.noise import measured
from tests.support.server import Server
from tests.support.waiting import until

JUST_BEFORE = 0.02  # seconds before a tick is due
PAIRS = ("one", "two", "three")
# What makes a script run: a leader beats by itself, it releases the lease when it is told to stop, and when it is
# killed another acquires it.
PROVOCATIONS = {"acquire": signal.SIGKILL, "beat": None, "release": signal.SIGTERM}


@pytest.mark.fault("1-3", "kill -9 of the leader around its fire step")
@pytest.mark.parametrize("moment", ["before", "sent", "answered"])
def test_no_tick_is_lost_or_doubled_when_the_leader_dies_around_its_write(lab: Lab, moment: str) -> None:
    server = lab.server()
    redis = lab.client(server)
    for clock in [lab.fragile(server.url) for _ in range(2)]:
        clock.wait_for("joined")
    before = lab.ticks(redis, 1)
    fallen = until(lab.sabotage("fire", moment, leading=True))
    assert fallen and fallen.wait() == -signal.SIGKILL
    lab.ticks(redis, 3)
    lab.stop()
    accounts = lab.accounts(redis)
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")
    worst = max(accounts.lateness(since=before))
    lab.note("latest tick", worst)
    assert worst < LEASE + 1 + NOISE


@pytest.mark.fault("4", "kill -9 during acquire, beat and release of the lease: before, sent, answered")
@pytest.mark.parametrize("script", ["acquire", "beat", "release"])
def test_no_point_of_a_lease_s_life_is_a_bad_one_to_die_at(lab: Lab, script: str) -> None:
    server = lab.server()
    redis = lab.client(server)
    for clock in [lab.fragile(server.url) for _ in range(5)]:
        clock.wait_for("joined")
    lab.ticks(redis, 1)
    for moment in ("before", "sent", "answered"):
        fell = lab.sabotage(script, moment, leading=script != "acquire")
        until(partial(_falls, lab, server, fell, PROVOCATIONS[script]), 60, what=f"a death at {script}, {moment}")
        lab.ticks(redis, 2)
    lab.stop()
    accounts = lab.accounts(redis)
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")
    worst = max(accounts.lateness())
    lab.note("latest tick", worst)
    assert worst < LEASE + 2 + NOISE


def _falls(lab: Lab, server: Server, fell: Callable[[], object], number: int | None) -> bool:
    """Whether one fell. Else end whoever leads at this moment, if anybody does, and let another stand in for it.

    One that has lost the lead meanwhile provokes nothing; then the next one is ended.
    """
    leader = lab.leading() if number and not fell() else None
    if leader and number:
        leader.signal(number)
        leader.wait()
        lab.fragile(server.url)
    return bool(fell())


@pytest.mark.alone
@pytest.mark.fault("1", "kill -9 of three leaders at the default lease, 20 ms before a tick")
def test_ticks_resume_within_two_and_a_half_seconds_of_a_kill(lab: Lab) -> None:
    slowest, margin = measured(lambda: _takeovers(lab, lambda leader: leader.kill()), promised=2.5)
    lab.note("ticks resumed after", slowest)
    assert slowest < 2.5 + margin


@pytest.mark.alone
@pytest.mark.fault("4", "SIGTERM to three leaders at the default lease, 20 ms before a tick")
def test_ticks_go_on_within_a_tenth_of_a_second_of_a_stop(lab: Lab) -> None:
    slowest, margin = measured(lambda: _takeovers(lab, lambda leader: leader.signal(signal.SIGTERM)), promised=0.1)
    lab.note("ticks resumed after", slowest * 1000, "ms")
    assert slowest < 0.1 + margin


def _takeovers(lab: Lab, end: Callable[[ClockProcess], object]) -> float:
    """End the leaders of three Clocks just before a tick; how late the latest tick was that another decided."""
    server = lab.server()
    redis = lab.client(server)
    pairs = {}
    for name in PAIRS:
        file = lab.file(name=f"{name}.py", arguments=f'name="{name}"')
        pairs[name] = [lab.clock(server.url, file, lease=None) for _ in range(2)]
    leaders = {name: lab.leader(pair) for name, pair in pairs.items()}
    for clock in lab.clocks:
        clock.wait_for("joined")
    until(lambda: all(lab.cursor(redis, clock=name) for name in PAIRS))
    due = _sleep_until_just_before_a_tick(redis)
    for leader in leaders.values():
        end(leader)
    for name, pair in pairs.items():
        lab.reaches(redis, due + 1, clock=name)
        leaders[name].wait()
        assert lab.leader(pair) is not leaders[name]
    lab.stop()
    accounts = {name: lab.accounts(redis, clock=name) for name in PAIRS}
    assert all(found.ticks() == found.ticks("tick", "enqueued") for found in accounts.values())
    return max(seconds for found in accounts.values() for seconds in found.lateness(since=due - 1))


def _sleep_until_just_before_a_tick(redis: redis_py.Redis) -> int:
    seconds, micros = redis.time()
    due = seconds + 2
    time.sleep(due - seconds - micros / 1e6 - JUST_BEFORE)
    return due
