"""Who may enqueue: judged by each clock's own monotonic time, whatever the server's says."""

from __future__ import annotations

import pytest
import redis as redis_py

from rqclock.store.lease import MEMBER_LIVES
from tests.support.leader import LIFE, Leader, Time, seconds

LEASE = "rq:clock:default:lease"


def clocks(redis: redis_py.Redis, count: int = 2) -> list[Leader]:
    """So many clocks of one timetable, each with time of its own."""
    return [Leader(redis, seconds(), Time()).join().beat() for _ in range(count)]


def test_of_two_clocks_that_take_a_free_lease_one_wins(redis: redis_py.Redis) -> None:
    one, two = clocks(redis)
    assert [one.acquire(), two.acquire()] == [True, False]
    assert one.lease.leading and not two.lease.leading


def test_of_two_standbys_that_take_over_at_the_same_beat_one_wins(redis: redis_py.Redis) -> None:
    dead, one, two = clocks(redis, 3)
    dead.acquire()
    for standby in (one, two):
        standby.beat()
    assert [one.acquire(), two.acquire()] == [True, False]


def test_a_lease_that_moved_since_it_was_looked_at_is_not_taken(redis: redis_py.Redis) -> None:
    leader, standby = clocks(redis)
    leader.acquire()
    standby.beat()
    leader.beat()
    assert not standby.acquire()


def test_a_standby_waits_a_whole_life_from_the_last_beat_it_saw(redis: redis_py.Redis) -> None:
    leader, standby = clocks(redis)
    leader.acquire()
    standby.beat()
    assert standby.lease.takeable_at == standby.time.monotonic + LIFE


def test_each_beat_of_the_leader_makes_the_standby_wait_anew(redis: redis_py.Redis) -> None:
    leader, standby = clocks(redis)
    leader.acquire()
    standby.beat()
    first = standby.lease.takeable_at
    standby.time.pass_by(1.5)
    leader.beat()
    standby.beat()
    assert first is not None
    assert standby.lease.takeable_at == first + 1.5


def test_looking_often_at_a_lease_that_stands_still_does_not_prolong_it(redis: redis_py.Redis) -> None:
    leader, standby = clocks(redis)
    leader.acquire()
    standby.beat()
    first = standby.lease.takeable_at
    for _ in range(8):
        standby.time.pass_by(0.25)
        standby.beat()
    assert standby.lease.takeable_at == first == standby.time.monotonic
    assert standby.acquire()


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_a_step_of_redis_time_neither_shortens_nor_prolongs_a_lease(redis: redis_py.Redis, step: float) -> None:
    leader, standby = clocks(redis)
    leader.acquire()
    standby.beat()
    expected = standby.lease.takeable_at
    for clock in (leader, standby):
        clock.time.now += step
    standby.beat()
    assert standby.lease.takeable_at == expected


def test_the_lease_has_no_expiry_that_could_end_it_within_its_life(redis: redis_py.Redis) -> None:
    [leader] = clocks(redis, 1)
    leader.acquire()
    assert redis.ttl(LEASE) > 3600


def test_a_leader_trusts_its_lease_less_long_than_a_standby_waits(redis: redis_py.Redis) -> None:
    [leader] = clocks(redis, 1)
    leader.acquire()
    leader.time.pass_by(LIFE - leader.lease.margin - 0.01)
    assert leader.lease.leading
    leader.time.pass_by(0.02)
    assert not leader.lease.leading


def test_trust_counts_from_the_question_and_not_from_the_answer(redis: redis_py.Redis) -> None:
    [leader] = clocks(redis, 1)
    leader.acquire()
    began = leader.time.monotonic
    readings = iter([began, began + 1.5])  # the answer took a second and a half
    leader.lease.monotonic = lambda: next(readings)
    leader.beat()
    leader.lease.monotonic = lambda: began + LIFE
    assert not leader.lease.leading


def test_a_leader_that_slept_finds_out_by_its_next_beat_that_another_leads(redis: redis_py.Redis) -> None:
    old, new = clocks(redis)
    old.acquire()
    new.beat()
    new.time.pass_by(LIFE)
    assert new.acquire()
    old.beat()
    assert not old.lease.leading
    assert old.lease.epoch == ""


def test_a_beat_of_a_fenced_clock_does_not_move_the_lease(redis: redis_py.Redis) -> None:
    old, new = clocks(redis)
    old.acquire()
    new.beat()
    new.acquire()
    before = redis.hgetall(LEASE)
    old.beat()
    assert redis.hgetall(LEASE) == before


def test_the_epoch_grows_with_every_taking(redis: redis_py.Redis) -> None:
    one, two = clocks(redis)
    one.acquire()
    two.beat()
    two.acquire()
    one.beat()
    one.acquire()
    assert int(two.lease.epoch) == 2
    assert int(one.lease.epoch) == 3


def test_a_released_lease_is_free_at_once_and_wakes_who_waits(redis: redis_py.Redis) -> None:
    leader, standby = clocks(redis)
    leader.acquire()
    with redis.pubsub(ignore_subscribe_messages=True) as channel:
        channel.subscribe("rq:clock:default:wake")
        channel.get_message(timeout=30)
        leader.lease.leave()
        message = channel.get_message(timeout=30)
    assert message is not None and message["data"] == b"lead"
    standby.beat()
    assert standby.lease.takeable_at == 0.0
    assert standby.acquire()


def test_a_clock_that_does_not_lead_cannot_release_the_leaders_lease(redis: redis_py.Redis) -> None:
    leader, standby = clocks(redis)
    leader.acquire()
    standby.lease.leave()
    leader.beat()
    assert leader.lease.leading


def test_a_full_redis_costs_no_leadership(redis: redis_py.Redis) -> None:
    leader, standby = clocks(redis)
    leader.acquire()
    redis.config_set("maxmemory", 1)
    try:
        for clock in (leader, standby):
            clock.time.pass_by(1.0)
            clock.beat()
        assert leader.lease.leading
        assert standby.lease.takeable_at == standby.time.monotonic + LIFE
        standby.time.pass_by(LIFE)
        assert standby.acquire()
    finally:
        redis.config_set("maxmemory", 0)


def test_a_lease_that_someone_deleted_is_free(redis: redis_py.Redis) -> None:
    leader, standby = clocks(redis)
    leader.acquire()
    redis.delete(LEASE)
    leader.beat()
    assert not leader.lease.leading
    standby.beat()
    assert standby.acquire()


def test_members_that_died_count_as_live_for_three_lives_and_no_longer(redis: redis_py.Redis) -> None:
    old = Leader(redis, seconds("old")).join().beat()
    new = Leader(redis, seconds("new")).join().beat()
    old.beat()
    assert not old.lease.may_lead
    old.time.pass_by(LIFE * MEMBER_LIVES + 0.1)
    old.beat()
    assert old.lease.may_lead
    new.beat()
    old.beat()
    assert not old.lease.may_lead


@pytest.mark.parametrize("stray", ["no json", "[]", '{"at": "soon"}', "{}"])
def test_a_stray_entry_among_the_members_ends_nobody_and_keeps_nobody_out(redis: redis_py.Redis, stray: str) -> None:
    leader, standby = clocks(redis)
    leader.acquire()
    redis.hset("rq:clock:default:members", "stray", stray)
    leader.beat()
    standby.beat()
    assert leader.lease.leading and not standby.lease.leading
    Leader(redis, seconds()).join().beat()
    assert not redis.hexists("rq:clock:default:members", "stray")
