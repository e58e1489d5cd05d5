"""A clock, or Redis, stands still for longer than the lease lives, and then goes on as if nothing had been."""

from __future__ import annotations

import signal
import time

import pytest

from tests.support.lab import LEASE, STEADY, ClockProcess, Lab
from tests.support.server import Server
from tests.support.waiting import until

FENCED = "rqclock_process_refused_writes_total"


@pytest.mark.fault("5", "SIGSTOP of the leader for three lives of its lease, then SIGCONT")
def test_a_leader_that_slept_through_its_lease_stands_by(lab: Lab) -> None:
    server = lab.server()
    redis = lab.client(server)
    sleeper = lab.clock(server.url, lease=STEADY)
    lab.ticks(redis, 1)
    other = lab.clock(server.url, lease=STEADY)
    other.wait_for("joined")
    sleeper.stop_still()
    stopped = time.monotonic()
    lab.leader([other])
    until(lambda: time.monotonic() > stopped + 3 * STEADY)
    sleeper.go_on()
    sleeper.wait_for("standing by")
    lab.ticks(redis, 2)
    assert lab.leader() is other
    lab.stop()
    accounts = lab.accounts(redis)
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")
    lab.note("latest tick", max(accounts.lateness()))


def asleep(lab: Lab, server: Server, moment: str) -> tuple[ClockProcess, list[ClockProcess]]:
    """Of two clocks the one that was stopped at this moment of its write, and the rest."""
    clocks = [lab.fragile(server.url, lease=STEADY, healthy=True) for _ in range(2)]
    for clock in clocks:
        clock.wait_for("joined")
    lab.ticks(lab.client(server), 1)
    sleeper = until(lab.sabotage("fire", moment, leading=True, by=signal.SIGSTOP), what="a stop at a write")
    assert sleeper
    return sleeper, [clock for clock in clocks if clock is not sleeper]


@pytest.mark.fault("6", "SIGSTOP exactly between deciding and writing, SIGCONT when another leads")
def test_a_write_that_was_held_back_is_refused(lab: Lab) -> None:
    server = lab.server()
    redis = lab.client(server)
    sleeper, others = asleep(lab, server, "before")
    refused = sleeper.says_more("leaving off to look anew: another clock took the lead")
    lab.leader(others)
    lab.ticks(redis, 2)
    sleeper.go_on()
    until(refused, what="the refusal of a late write")
    until(lambda: sleeper.figure(FENCED) >= 1, what="the figure of refused writes")
    lab.ticks(redis, 1)
    lab.stop()
    accounts = lab.accounts(redis)
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")
    lab.note("writes refused", 1, "")


@pytest.mark.fault("6", "SIGSTOP while the reply of a write is under way, SIGCONT when another leads")
def test_a_reply_that_comes_too_late_changes_nothing(lab: Lab) -> None:
    server = lab.server()
    redis = lab.client(server)
    sleeper, others = asleep(lab, server, "sent")
    leaves_off = sleeper.says_more("leaving off")
    lab.leader(others)
    lab.ticks(redis, 2)
    sleeper.go_on()
    until(leaves_off)
    lab.ticks(redis, 1)
    assert lab.leader() in others
    lab.stop()
    accounts = lab.accounts(redis)
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")


@pytest.mark.fault("5", "SIGSTOP of the only clock for longer than late_ok, then SIGCONT")
def test_what_was_due_while_the_only_clock_slept_is_missed_from_when_to_when(lab: Lab) -> None:
    server = lab.server()
    redis = lab.client(server)
    lab.file('clock.every("second", name="tick", late_ok="1 second").enqueue(jobs.plain)')
    sleeper = lab.clock(server.url)
    decided = lab.ticks(redis, 2)
    sleeper.stop_still()
    slept_from = redis.time()[0]
    time.sleep(4)
    slept_to = redis.time()[0]
    sleeper.go_on()
    lab.ticks(redis, 5)
    over = redis.time()[0]
    lab.stop()
    accounts = lab.accounts(redis)
    row = accounts.rows["tick"][slept_from + 1]
    assert row["is"] == "missed"
    began, ended = row["down"]
    assert decided - 1 <= began <= slept_from
    assert slept_to <= ended <= over


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
