"""A schedule that is renamed keeps its history, its cursor and its pause; nothing is fired again."""

from __future__ import annotations

import json

import redis as redis_py

from rqclock import Clock
from rqclock.aftercare.outcomes import Outcomes
from rqclock.running.entries import Outage
from rqclock.running.ticker import Ticker
from rqclock.store.keys import Keys
from rqclock.store.lease import Lease
from rqclock.store.ledger import Ledger
from rqclock.store.replies import text
from rqclock.timetable.schedules import Timetable
from rqclock.views.history import read_history
from tests.support import jobs

KEYS = Keys("rq", "default")
START = 1_700_000_000


class Leader:
    """A leader of a timetable whose time the test sets."""

    def __init__(self, redis: redis_py.Redis, timetable: Timetable, now: int) -> None:
        self.now = float(now)
        lease = Lease(redis, KEYS, timetable.fingerprint, 60.0, lambda: 0.0)
        lease.join(now)
        lease.beat(now)
        assert lease.acquire(now)
        ledger = Ledger(redis, KEYS, lease)
        self._ticker = Ticker(timetable, ledger, now=lambda: self.now, pause=lambda: None)
        self._ticker.take_lead(Outage())
        self._leave = lease.leave

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now += 1
            self._ticker.step()

    def leave(self) -> None:
        self._leave()


def timetable(name: str, **options: str) -> Timetable:
    clock = Clock()
    clock.every("1 second", name=name, **options).enqueue(jobs.plain)  # type: ignore[arg-type]
    return clock.timetable()


def test_a_renamed_schedule_goes_on_with_its_history_and_no_tick_is_lost_or_doubled(redis: redis_py.Redis) -> None:
    old, new = timetable("old"), timetable("new", renamed_from="old")
    first = Leader(redis, old, START)
    first.run(3)
    first.leave()
    second = Leader(redis, new, START + 5)
    second.run(2)
    runs = read_history(redis, KEYS, new.schedules[0], 100)
    assert [run.tick for run in runs] == [START + n for n in (7, 6, 5, 4, 3, 2, 1)]
    queued = [text(job) for job in redis.lrange("rq:queue:default", 0, -1)]
    assert [run.job_id for run in reversed(runs)] == queued
    assert [job.split("_")[0] for job in queued] == ["old"] * 3 + ["new"] * 4
    assert all(run.status == "queued" for run in runs)


def test_the_pause_goes_with_the_name(redis: redis_py.Redis) -> None:
    first = Leader(redis, timetable("old"), START)
    first.leave()
    redis.hset(KEYS.named("paused"), "old", json.dumps({"by": "Ann"}))
    new = timetable("new", renamed_from="old")
    Leader(redis, new, START).run(1)
    assert [run.decision for run in read_history(redis, KEYS, new.schedules[0], 9)] == ["skipped"]


def test_the_pause_goes_with_the_name_also_where_another_schedule_of_that_name_has_left_a_history(
    redis: redis_py.Redis,
) -> None:
    first = Leader(redis, timetable("new"), START)
    first.run(2)
    first.leave()
    second = Leader(redis, timetable("old"), START + 2)
    second.run(2)
    redis.hset(KEYS.named("paused"), "old", json.dumps({"by": "Ann", "why": "the bank is closed", "at": START + 4}))
    second.leave()
    third = Leader(redis, timetable("new", renamed_from="old"), START + 4)
    third.run(3)
    rows = {int(tick): json.loads(row) for tick, row in redis.hgetall(KEYS.of("ledger", "new")).items()}
    assert [rows[START + second]["is"] for second in (5, 6, 7)] == ["skipped"] * 3


def test_the_outcome_of_a_job_queued_under_the_old_name_is_found_under_the_new(redis: redis_py.Redis) -> None:
    first = Leader(redis, timetable("old"), START)
    first.run(1)
    first.leave()
    new = timetable("new", renamed_from="old")
    Leader(redis, new, START + 1)
    (job,) = map(text, redis.lrange("rq:queue:default", 0, -1))
    redis.hset("rq:job:" + job, mapping={"status": "finished"})
    Outcomes(redis, KEYS).step(START + 2)
    redis.delete("rq:job:" + job)
    assert [run.status for run in read_history(redis, KEYS, new.schedules[0], 9)] == ["finished"]
