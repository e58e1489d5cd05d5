"""Whose time a clock takes that starts while Redis's time has jumped, and after a person has said that it is right."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import redis as redis_py

from rqclock.acts.accept_time import accept_time
from rqclock.acts.activity import By
from rqclock.running.contact import Contact
from rqclock.store.keys import Keys
from rqclock.store.lease import Lease

KEYS = Keys("rq", "default")
HOUR = 3600
Start = Callable[[], tuple[Contact, Lease]]


@pytest.fixture
def start(redis: redis_py.Redis, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Starts a clock on a host with which Redis does not agree: it is an hour ahead, and the leader has held that."""
    wall = time.time
    monkeypatch.setattr("rqclock.running.contact.time.time", lambda: wall() - HOUR)
    redis.hset(KEYS.named("lease"), mapping={"held": HOUR * 1000, "owner": "", "accepted": ""})

    def clock() -> tuple[Contact, Lease]:
        lease = Lease(redis, KEYS, "a timetable", 60.0, time.monotonic)
        contact = Contact(redis, lease)
        lease.join(contact.greet())
        contact.beat()
        return contact, lease

    return clock


@pytest.fixture
def leader(start: Start) -> tuple[Contact, Lease]:
    contact, lease = start()
    assert lease.acquire(contact.now())
    contact.beat()
    return contact, lease


def test_a_clock_that_starts_holds_what_the_last_leader_held(start: Start, leader: tuple[Contact, Lease]) -> None:
    assert leader[0].held == pytest.approx(HOUR, abs=1)
    leader[1].leave()
    after, _ = start()
    assert after.held == pytest.approx(HOUR, abs=1)
    assert after.now() == pytest.approx(time.time(), abs=5)


def test_what_a_person_accepted_stays_so_for_a_clock_that_starts_before_the_leader_has_heard_of_it(
    redis: redis_py.Redis, start: Start, leader: tuple[Contact, Lease]
) -> None:
    accept_time(redis, KEYS, By("Ann"))
    standby, _ = start()
    leader[0].beat()
    assert (leader[0].held, standby.held) == (None, None)
    assert standby.now() == pytest.approx(leader[0].now(), abs=5)


def test_what_a_person_accepted_stays_so_when_the_leader_leaves_before_it_has_heard_of_it(
    redis: redis_py.Redis, start: Start, leader: tuple[Contact, Lease]
) -> None:
    accept_time(redis, KEYS, By("Ann"))
    leader[1].leave()
    after, lease = start()
    assert after.held is None
    assert lease.acquire(after.now())
    after.beat()
    assert redis.hget(KEYS.named("lease"), "held") == b"0"


@pytest.mark.parametrize("garbage", ["x", "", "-", "--5", "1e9", "9" * 50, b"\xff"])
def test_garbage_in_the_lease_is_no_jump(redis: redis_py.Redis, start: Start, garbage: str) -> None:
    redis.hset(KEYS.named("lease"), "held", garbage)
    contact, _ = start()
    assert contact.held is None
