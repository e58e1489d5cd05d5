"""Which version of a timetable may lead, in deploys that go well and in those that do not."""

from __future__ import annotations

import redis as redis_py

from rqclock.store.lease import MEMBER_LIVES
from tests.support.leader import LIFE, Leader, Time, seconds


def clock(redis: redis_py.Redis, name: str, host: str, time: Time) -> Leader:
    """A clock that starts: the version of its timetable is told by `name`."""
    return Leader(redis, seconds(name), time, host=host).join().beat()


def test_clocks_of_one_timetable_are_one_generation(redis: redis_py.Redis) -> None:
    time = Time()
    assert [clock(redis, "v1", host, time).lease.generation for host in "abc"] == [1, 1, 1]


def test_a_clock_of_a_new_timetable_is_the_next_generation(redis: redis_py.Redis) -> None:
    time = Time()
    old, new = clock(redis, "v1", "a", time), clock(redis, "v2", "b", time)
    assert (old.lease.generation, new.lease.generation) == (1, 2)


def test_the_old_version_gives_up_when_a_newer_one_is_live_and_the_newer_takes_it(redis: redis_py.Redis) -> None:
    time = Time()
    old = clock(redis, "v1", "a", time)
    assert old.acquire()
    new = clock(redis, "v2", "b", time)
    old.beat()
    assert not old.lease.may_lead
    assert old.lease.takeable_at is None
    old.lease.give_up()
    new.beat()
    assert new.lease.takeable_at == 0.0
    assert new.acquire()


def test_a_container_that_crashes_and_restarts_amid_a_deploy_stays_old(redis: redis_py.Redis) -> None:
    time = Time()
    clock(redis, "v1", "a", time)
    clock(redis, "v2", "b", time)
    again = clock(redis, "v1", "a", time)
    assert again.lease.generation == 1
    assert not again.lease.may_lead


def test_a_second_clock_of_the_old_version_stays_old_wherever_it_starts(redis: redis_py.Redis) -> None:
    time = Time()
    clock(redis, "v1", "a", time)
    clock(redis, "v2", "b", time)
    assert clock(redis, "v1", "elsewhere", time).lease.generation == 1


def test_a_rollback_is_just_a_later_start(redis: redis_py.Redis) -> None:
    time = Time()
    first = clock(redis, "v1", "a", time)
    second = clock(redis, "v2", "b", time)
    first.lease.leave()
    second.beat()
    back = clock(redis, "v1", "c", time)
    assert back.lease.generation == 3
    second.beat()
    assert not second.lease.may_lead


def test_a_rollback_on_the_same_host_leads_once_the_newer_version_is_gone(redis: redis_py.Redis) -> None:
    time = Time()
    clock(redis, "v1", "a", time).lease.leave()
    clock(redis, "v2", "a", time)  # killed: it never leaves
    back = clock(redis, "v1", "a", time)
    time.pass_by(LIFE * MEMBER_LIVES + 0.1)
    back.beat()
    assert back.lease.may_lead


def test_when_the_last_clock_of_the_newest_version_is_gone_the_next_one_leads(redis: redis_py.Redis) -> None:
    time = Time()
    old, new = clock(redis, "v1", "a", time), clock(redis, "v2", "b", time)
    assert new.acquire()
    new.lease.leave()
    old.beat()
    assert old.lease.may_lead
    assert old.acquire()


def test_a_new_version_is_newer_than_every_live_one_also_after_redis_forgot_its_counters(
    redis: redis_py.Redis,
) -> None:
    time = Time()
    clock(redis, "v1", "a", time)
    old = clock(redis, "v2", "b", time)
    redis.flushall()
    old.beat()
    new = clock(redis, "v3", "c", time)
    assert new.lease.generation > old.lease.generation


def test_members_that_have_been_silent_for_an_hour_are_forgotten(redis: redis_py.Redis) -> None:
    time = Time()
    gone = clock(redis, "v1", "a", time)
    time.pass_by(3601)
    clock(redis, "v1", "b", time)
    assert redis.hget("rq:clock:default:members", gone.lease.owner) is None


def test_two_clocks_of_different_names_know_nothing_of_each_other(redis: redis_py.Redis) -> None:
    from rqclock import Clock
    from tests.support import jobs

    time = Time()
    leaders = []
    for name in ("pensions", "grants"):
        timetable = Clock(name=name)
        timetable.every("second").enqueue(jobs.plain)
        leaders.append(Leader(redis, timetable, time).join().beat())
    assert [leader.acquire() for leader in leaders] == [True, True]
    assert [leader.lease.newest for leader in leaders] == [1, 1]
