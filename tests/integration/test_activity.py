"""The activity in Redis: in order, as long as it is kept, whatever else lies there."""

from __future__ import annotations

import redis as redis_py

from rqclock.acts.activity import CHUNK, Entry, read, record
from rqclock.store.keys import Keys

KEYS = Keys("rq", "default")
STREAM = "rq:clock:default:activity"
DAY_MS = 86_400_000


def whats(redis: redis_py.Redis, since: float | None = None, limit: int | None = None) -> list[str]:
    return [entry.what for entry in read(redis, KEYS, since=since, limit=limit)]


def test_entries_come_newest_first_with_redis_own_time(redis: redis_py.Redis) -> None:
    for what in ("one", "two"):
        record(redis, KEYS, Entry(what, "Ann"))
    first, second = read(redis, KEYS)
    assert (first.what, second.what) == ("two", "one")
    assert abs(first.at - redis.time()[0]) < 60


def test_more_entries_than_one_answer_holds_are_all_read_once(redis: redis_py.Redis) -> None:
    for number in range(2 * CHUNK + 1):
        redis.xadd(STREAM, {"entry": Entry(str(number), "Ann").packed()})
    assert whats(redis) == [str(number) for number in reversed(range(2 * CHUNK + 1))]
    assert whats(redis, limit=CHUNK + 7) == [str(number) for number in range(2 * CHUNK, CHUNK - 7, -1)]


def test_since_is_included(redis: redis_py.Redis) -> None:
    for second in (10, 20, 30):
        redis.xadd(STREAM, {"entry": Entry(str(second), "Ann").packed()}, id=f"{second}000-0")
    assert whats(redis, since=20) == ["30", "20"]


def test_what_is_older_than_90_days_makes_room(redis: redis_py.Redis) -> None:
    now = int(redis.time()[0]) * 1000
    for number in range(400):
        redis.xadd(STREAM, {"entry": Entry("old", "Ann").packed()}, id=f"{now - 91 * DAY_MS + number}-0")
    redis.xadd(STREAM, {"entry": Entry("kept", "Ann").packed()}, id=f"{now - 89 * DAY_MS}-0")
    record(redis, KEYS, Entry("new", "Ann"))
    assert whats(redis)[:2] == ["new", "kept"]
    assert redis.xlen(STREAM) <= 102  # Redis drops old ones a hundred at a time


def test_an_entry_that_nobody_can_read_is_shown_and_hides_no_other(redis: redis_py.Redis) -> None:
    redis.xadd(STREAM, {"hello": "world"})
    redis.xadd(STREAM, {"entry": "nonsense"})
    redis.xadd(STREAM, {"entry": '{"what":"of tomorrow","who":"Ann","colour":"blue"}'})
    record(redis, KEYS, Entry("paused", "Ann"))
    assert whats(redis) == ["paused", "of tomorrow", "unreadable", "unreadable"]
