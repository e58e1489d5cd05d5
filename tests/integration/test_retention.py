"""What the ledger keeps, and for how long."""

from __future__ import annotations

import json

import pytest
import redis as redis_py

from rqclock.aftercare.retention import KEPT, Retention
from rqclock.store.keys import Keys
from rqclock.store.replies import text

NOW = 1_800_000_000


@pytest.fixture(params=["default", "team-a"])
def keys(request: pytest.FixtureRequest) -> Keys:
    return Keys("rq", request.param)


def decide(redis: redis_py.Redis, keys: Keys, tick: int, *, status: str | None = "finished", row: str = "") -> None:
    """A row of the ledger; without a status its job is open."""
    redis.hset(keys.named("definitions"), "work", "{}")
    redis.hset(keys.of("ledger", "work"), str(tick), '{"is":"enqueued","at":1' + row + "}")
    redis.zadd(keys.of("index", "work"), {str(tick): tick})
    if status:
        redis.hset(keys.of("outcomes", "work"), str(tick), json.dumps({"status": status}))
    else:
        redis.zadd(keys.named("open"), {keys.job_id("work", tick): tick})


def kept(redis: redis_py.Redis, keys: Keys) -> list[int]:
    index = [int(text(name)) for name in redis.zrange(keys.of("index", "work"), 0, -1)]
    assert sorted(int(name) for name in redis.hkeys(keys.of("ledger", "work"))) == sorted(index)
    return index


def test_a_row_is_kept_for_30_days_and_then_gone_with_its_outcome(redis: redis_py.Redis, keys: Keys) -> None:
    for tick in (NOW - KEPT - 1, NOW - KEPT, NOW):
        decide(redis, keys, tick)
    Retention(redis, keys).step(NOW)
    assert kept(redis, keys) == [NOW - KEPT, NOW]
    assert redis.hlen(keys.of("outcomes", "work")) == 2


def test_what_nobody_of_us_has_written_is_removed_and_stops_no_trimming(redis: redis_py.Redis, keys: Keys) -> None:
    decide(redis, keys, NOW - KEPT - 1)
    redis.zadd(keys.of("index", "work"), {"garbage": 1})
    redis.hset(keys.of("folded", "work"), "noon", 3)
    Retention(redis, keys).step(NOW)
    assert kept(redis, keys) == []


def test_a_run_whose_end_is_not_known_is_never_trimmed(redis: redis_py.Redis, keys: Keys) -> None:
    decide(redis, keys, NOW - 2 * KEPT, status=None)
    Retention(redis, keys).step(NOW)
    assert kept(redis, keys) == [NOW - 2 * KEPT]


def test_above_the_limit_the_oldest_good_runs_become_a_count_and_all_others_stay(
    redis: redis_py.Redis, keys: Keys
) -> None:
    hour = NOW // 3600 * 3600
    for second in range(6):
        decide(redis, keys, hour + second, status="failed" if second == 1 else "finished")
    decide(redis, keys, hour + 2, row=',"why":"caught up"')
    Retention(redis, keys, rows=2).step(NOW)
    assert kept(redis, keys) == [hour + 1, hour + 2, hour + 4, hour + 5]
    assert redis.hgetall(keys.of("folded", "work")) == {str(hour).encode(): b"2"}


def test_a_schedule_that_left_the_timetable_is_trimmed_as_well(redis: redis_py.Redis, keys: Keys) -> None:
    decide(redis, keys, NOW - KEPT - 1)
    redis.delete(keys.named("definitions"))
    redis.hset(keys.named("retired"), "work", NOW)
    Retention(redis, keys).step(NOW)
    assert kept(redis, keys) == []
