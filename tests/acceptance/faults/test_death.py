"""A clock dies, at every point at which it matters."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import pytest
import redis as redis_py

from tests.support.lab import LEASE, NOISE, ClockProcess, Lab
from tests.support.noise import Noise
from tests.support.waiting import until

JUST_BEFORE = 0.02  # seconds before a tick is due
PAIRS = ("one", "two", "three")


@pytest.mark.fault("1-3", "kill -9 of the leader around its fire step")
@pytest.mark.parametrize("moment", ["before", "sent", "answered"])
def test_no_tick_is_lost_or_doubled_when_the_leader_dies_around_its_write(lab: Lab, moment: str) -> None:
    server = lab.server()
    redis = lab.client(server)
    fragile = lab.fragile(server.url)
    lab.ticks(redis, 1)
    standby = lab.clock(server.url)
    standby.wait_for("joined")
    fell = lab.sabotage("fire", moment, leading=True)
    assert fragile.wait() == -signal.SIGKILL
    assert fell()
    died = lab.cursor(redis)
    lab.ticks(redis, 3)
    lab.stop()
    accounts = lab.accounts(redis)
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")
    worst = max(accounts.lateness(since=died - 1))
    lab.note("latest tick", worst)
    assert worst < LEASE + 1 + NOISE


@pytest.mark.fault("4", "kill -9 during acquire, beat and release of the lease: before, sent, answered")
@pytest.mark.parametrize("script", ["acquire", "beat", "release"])
def test_no_point_of_a_lease_s_life_is_a_bad_one_to_die_at(lab: Lab, script: str) -> None:
    server = lab.server()
    redis = lab.client(server)
    moments = ("before", "sent", "answered")
    clocks = [lab.fragile(server.url) for _ in range(7 if script == "acquire" else 4)]
    for clock in clocks:
        clock.wait_for("joined")
    lab.ticks(redis, 1)
    for moment in moments:
        leader = lab.leader()
        fell = lab.sabotage(script, moment, leading=script != "acquire")
        if script != "beat":
            leader.signal(signal.SIGKILL if script == "acquire" else signal.SIGTERM)
        until(fell, what=f"a death at {script}, {moment}")
        lab.ticks(redis, 2)
    lab.stop()
    accounts = lab.accounts(redis)
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")
    worst = max(accounts.lateness())
    lab.note("latest tick", worst)
    assert worst < LEASE + 2 + NOISE


@pytest.mark.alone
@pytest.mark.fault("1", "kill -9 of three leaders at the default lease, 20 ms before a tick")
def test_ticks_resume_within_two_and_a_half_seconds_of_a_kill(lab: Lab) -> None:
    with Noise() as noise:
        lateness = _takeovers(lab, lambda leader: leader.kill())
    lab.note("ticks resumed after", max(lateness))
    assert max(lateness) < 2.5 + noise.margin


@pytest.mark.alone
@pytest.mark.fault("4", "SIGTERM to three leaders at the default lease, 20 ms before a tick")
def test_ticks_go_on_within_a_tenth_of_a_second_of_a_stop(lab: Lab) -> None:
    with Noise() as noise:
        lateness = _takeovers(lab, lambda leader: leader.signal(signal.SIGTERM))
    lab.note("ticks resumed after", max(lateness) * 1000, "ms")
    assert max(lateness) < 0.1 + noise.margin


def _takeovers(lab: Lab, end: Callable[[ClockProcess], object]) -> list[float]:
    """End the leaders of three Clocks just before a tick; how late the first tick of each was that another decided."""
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
        assert lab.leader(pair) is not leaders[name]
    lab.stop()
    accounts = {name: lab.accounts(redis, clock=name) for name in PAIRS}
    assert all(found.ticks() == found.ticks("tick", "enqueued") for found in accounts.values())
    return [max(found.lateness(since=due - 1)) for found in accounts.values()]


def _sleep_until_just_before_a_tick(redis: redis_py.Redis) -> int:
    seconds, micros = redis.time()
    due = seconds + 2
    time.sleep(due - seconds - micros / 1e6 - JUST_BEFORE)
    return due
