"""A clock, or Redis, stands still for longer than the lease lives, and then goes on as if nothing had been."""

from __future__ import annotations

import signal
import time

import pytest

from tests.support.lab import LEASE, Lab
from tests.support.waiting import until

FENCED = "rqclock_process_refused_writes_total"


@pytest.mark.fault("5", "SIGSTOP of the leader for three lives of its lease, then SIGCONT")
def test_a_leader_that_slept_through_its_lease_stands_by(lab: Lab) -> None:
    server = lab.server()
    redis = lab.client(server)
    sleeper = lab.clock(server.url)
    lab.ticks(redis, 1)
    other = lab.clock(server.url)
    other.wait_for("joined")
    sleeper.stop_still()
    stopped = time.monotonic()
    lab.leader([other])
    until(lambda: time.monotonic() > stopped + 3 * LEASE)
    sleeper.go_on()
    sleeper.wait_for("standing by")
    lab.ticks(redis, 2)
    assert lab.leader() is other
    lab.stop()
    accounts = lab.accounts(redis)
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")
    lab.note("latest tick", max(accounts.lateness()))


@pytest.mark.fault("6", "SIGSTOP exactly between deciding and writing, SIGCONT when another leads")
def test_a_write_that_was_held_back_is_refused(lab: Lab) -> None:
    server = lab.server()
    redis = lab.client(server)
    sleeper = lab.fragile(server.url, healthy=True)
    lab.ticks(redis, 1)
    other = lab.clock(server.url)
    other.wait_for("joined")
    fell = lab.sabotage("fire", "before", leading=True, by=signal.SIGSTOP)
    until(fell)
    lab.leader([other])
    lab.ticks(redis, 2)
    sleeper.go_on()
    until(lambda: sleeper.figure(FENCED) == 1, what="the refusal of a late write")
    lab.ticks(redis, 1)
    lab.stop()
    accounts = lab.accounts(redis)
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")
    lab.note("writes refused", 1, "")


@pytest.mark.fault("6", "SIGSTOP while the reply of a write is under way, SIGCONT when another leads")
def test_a_reply_that_comes_too_late_changes_nothing(lab: Lab) -> None:
    server = lab.server()
    redis = lab.client(server)
    sleeper = lab.fragile(server.url)
    lab.ticks(redis, 1)
    other = lab.clock(server.url)
    other.wait_for("joined")
    fell = lab.sabotage("fire", "sent", leading=True, by=signal.SIGSTOP)
    until(fell)
    lab.leader([other])
    lab.ticks(redis, 2)
    sleeper.go_on()
    sleeper.wait_for("leaving off")
    lab.ticks(redis, 1)
    assert lab.leader() is other
    lab.stop()
    accounts = lab.accounts(redis)
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")


@pytest.mark.fault("5", "SIGSTOP of the only clock for longer than late_ok, then SIGCONT")
def test_what_was_due_while_the_only_clock_slept_is_missed_from_when_to_when(lab: Lab) -> None:
    server = lab.server()
    redis = lab.client(server)
    lab.file('clock.every("second", name="tick", late_ok="1 second").enqueue(jobs.plain)')
    sleeper = lab.clock(server.url)
    slept_from = lab.ticks(redis, 2)
    sleeper.stop_still()
    time.sleep(4)
    sleeper.go_on()
    lab.ticks(redis, 5)
    lab.stop()
    accounts = lab.accounts(redis)
    missed = accounts.ticks("tick", "missed")
    assert missed
    began, ended = accounts.rows["tick"][missed[0]]["down"]
    assert abs(began - slept_from) <= 1
    assert 4 <= ended - began <= 6


@pytest.mark.fault("26", "Redis blocks for eight lives of the lease (DEBUG SLEEP)")
def test_requests_that_pile_up_before_a_blocked_redis_double_nothing(lab: Lab) -> None:
    server = lab.server(arguments=("--enable-debug-command", "yes"))
    redis = lab.client(server)
    lab.clock(server.url)
    lab.clock(server.url).wait_for("joined")
    lab.ticks(redis, 1)
    redis.execute_command("DEBUG", "SLEEP", 8 * LEASE)
    lab.ticks(redis, 6)
    lab.stop()
    accounts = lab.accounts(redis)
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")
    lab.note("latest tick", max(accounts.lateness()))
