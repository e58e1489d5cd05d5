"""RQ's locks, held by the leader: taken when free, left to the living, taken from the dead, released on hand-over."""

from __future__ import annotations

from typing import Any

import pytest
import redis as redis_py
from rq import Queue
from rq.scheduler import RQScheduler

from rqclock.store.keys import Keys
from rqclock.store.locks import Locks
from tests.support.leader import Time

LOCK = "rq:scheduler-lock:default"


@pytest.fixture
def time() -> Time:
    return Time()


def locks(redis: redis_py.Redis, time: Time, clock: str = "default") -> Locks:
    return Locks(redis, Keys("rq", clock), monotonic=lambda: time.monotonic)


def stranger(redis: redis_py.Redis) -> Any:
    scheduler = RQScheduler(["default"], connection=redis, logging_level="CRITICAL")
    scheduler.acquire_locks()
    return scheduler


def test_a_free_lock_is_held_and_keeps_rqs_scheduler_away(redis: redis_py.Redis, time: Time) -> None:
    ours = locks(redis, time)
    ours.hold([LOCK])
    assert ours.holds(LOCK)
    assert stranger(redis).acquired_locks == set()


def test_a_worker_does_not_clean_a_queue_that_the_leader_cleans(redis: redis_py.Redis, time: Time) -> None:
    locks(redis, time).hold(["rq:clean_registries:default"])
    assert not Queue(connection=redis).acquire_maintenance_lock()


def test_a_live_scheduler_of_rq_keeps_its_lock(redis: redis_py.Redis, time: Time) -> None:
    scheduler, ours = stranger(redis), locks(redis, time)
    for _ in range(8):
        time.pass_by(10)
        scheduler.acquire_locks()
        ours.hold([LOCK])
        assert not ours.holds(LOCK)


def test_the_lock_of_a_dead_scheduler_is_taken_half_a_minute_later(redis: redis_py.Redis, time: Time) -> None:
    stranger(redis)
    left = redis.pttl(LOCK)
    ours = locks(redis, time)
    for passed in range(0, 31, 10):
        redis.pexpire(LOCK, left - passed * 1000)
        ours.hold([LOCK])
        assert ours.holds(LOCK) == (passed == 30)
        time.pass_by(10)


def test_the_next_leader_of_the_same_clock_takes_the_locks_at_once(redis: redis_py.Redis, time: Time) -> None:
    locks(redis, time).hold([LOCK])
    successor = locks(redis, time)
    successor.hold([LOCK])
    assert successor.holds(LOCK)


def test_another_clock_leaves_the_lock_to_the_one_that_has_it(redis: redis_py.Redis, time: Time) -> None:
    locks(redis, time).hold([LOCK])
    other = locks(redis, time, "other")
    other.hold([LOCK])
    assert not other.holds(LOCK)


def test_released_locks_are_free_and_those_of_others_stay(redis: redis_py.Redis, time: Time) -> None:
    redis.set("rq:scheduler-lock:mail", "somebody", ex=61)
    ours = locks(redis, time)
    ours.hold([LOCK, "rq:scheduler-lock:mail"])
    ours.release()
    assert not ours.holds(LOCK)
    assert redis.get(LOCK) is None
    assert redis.get("rq:scheduler-lock:mail") == b"somebody"


def test_a_lock_not_renewed_for_half_a_life_no_longer_counts_as_held(redis: redis_py.Redis, time: Time) -> None:
    ours = locks(redis, time)
    ours.hold([LOCK])
    time.pass_by(30)
    assert not ours.holds(LOCK)


def test_a_key_of_another_type_in_place_of_a_lock_harms_no_other(redis: redis_py.Redis, time: Time) -> None:
    redis.lpush("rq:scheduler-lock:mail", "odd")
    ours = locks(redis, time)
    ours.hold(["rq:scheduler-lock:mail", LOCK])
    assert ours.holds(LOCK)
    assert not ours.holds("rq:scheduler-lock:mail")
