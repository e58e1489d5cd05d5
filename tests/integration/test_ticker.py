"""The ticker: every tick decided once, in order, whatever happens between two of its steps."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
import redis as redis_py

from rqclock import Clock
from rqclock.running.entries import Outage
from rqclock.running.predicates import Predicates
from rqclock.running.ticker import Ticker
from rqclock.store.ledger import Fenced, NotPublished
from tests.support import jobs
from tests.support.leader import BEGAN, LIFE, Leader, Time, seconds


@pytest.fixture
def full(redis: redis_py.Redis) -> Iterator[redis_py.Redis]:
    """A Redis that `full.config_set("maxmemory", 1)` fills; it has room again afterwards."""
    yield redis
    redis.config_set("maxmemory", 0)


def fill(redis: redis_py.Redis, *, full: bool = True) -> None:
    redis.config_set("maxmemory", 1 if full else 0)


def test_what_is_due_is_decided_and_nothing_else(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds(period="10 seconds")).lead()
    leader.step(9.999)
    assert leader.queued() == []
    leader.step(0.001)
    assert leader.queued() == leader.ids(10)


def test_the_next_thing_to_do_is_the_next_tick(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds(period="10 seconds")).lead()
    assert leader.ticker.wait_until() == BEGAN + 10
    leader.step(12)
    assert leader.ticker.wait_until() == BEGAN + 20


def test_a_timetable_on_demand_only_never_has_anything_to_do(redis: redis_py.Redis) -> None:
    clock = Clock()
    clock.on_demand("reindex").enqueue(jobs.plain)
    leader = Leader(redis, clock).lead()
    assert leader.ticker.wait_until() is None
    leader.step(86400)
    assert leader.queued() == []


def test_a_schedule_that_is_switched_off_is_never_due(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds(enabled=False)).lead()
    leader.step(100)
    assert leader.rows() == {}


def test_a_takeover_loses_no_tick_of_a_schedule_that_is_due_every_second(redis: redis_py.Redis) -> None:
    time = Time()
    dead = Leader(redis, seconds(), time).lead()
    for _ in range(5):
        dead.step(1)
    standby = Leader(redis, seconds(), time).join().beat()
    time.pass_by(LIFE + 0.5)
    standby.lead()
    for _ in range(5):
        standby.step(1)
    assert standby.queued() == standby.ids(*range(1, 13))
    assert set(standby.decisions().values()) == {"enqueued"}


def test_two_clocks_that_both_think_that_they_lead_enqueue_each_tick_once(redis: redis_py.Redis) -> None:
    time = Time()
    one, two = Leader(redis, seconds(), time).lead(), Leader(redis, seconds(), time).lead()
    for _ in range(5):
        time.pass_by(1)
        with pytest.raises(Fenced):
            one.ticker.step()
        two.ticker.step()
        one.lead()
        one.ticker.step()
        two.lead()
    assert one.queued() == one.ids(*range(1, 6))


def test_a_leader_whose_cursor_someone_else_moved_follows_it(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds()).lead()
    redis.hset("rq:clock:default:cursors", "tick", BEGAN + 3)
    leader.step(2)
    assert leader.queued() == []
    leader.step(3)
    assert leader.queued() == leader.ids(4, 5)


def test_what_was_due_while_no_clock_ran_is_one_row_that_says_from_when_to_when(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds()).lead()
    leader.step(1)
    leader.time.pass_by(60)
    leader.look_anew(Outage(BEGAN + 1))
    leader.step()
    rows = leader.rows()
    assert rows[50] == {
        "is": "missed",
        "at": (BEGAN + 61) * 1000,
        "why": "window",
        "from": BEGAN + 2,
        "n": 49,
        "down": [BEGAN + 1, BEGAN + 61],
    }
    assert leader.queued() == leader.ids(1, *range(51, 62))


def test_the_latest_missed_tick_is_enqueued_and_says_that_it_is_late(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds(period="1 minute")).lead()
    leader.step(60)
    leader.time.pass_by(200)
    leader.look_anew(Outage(BEGAN + 61))
    leader.step()
    rows = leader.rows()
    assert {tick: row["is"] for tick, row in rows.items()} == {60: "enqueued", 180: "missed", 240: "enqueued"}
    assert rows[240]["why"] == "late"


def test_a_full_redis_is_alarmed_once_and_repaired_without_a_restart(
    full: redis_py.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    leader = Leader(full, seconds()).lead()
    fill(full)
    with caplog.at_level(logging.ERROR):
        for _ in range(5):
            leader.step(1)
    fill(full, full=False)
    leader.step(1)
    assert sum("Redis is full" in line for line in caplog.messages) == 1
    assert leader.queued() == leader.ids(*range(1, 7))


def test_a_tick_that_a_full_redis_cost_is_refused_and_says_so(full: redis_py.Redis) -> None:
    leader = Leader(full, seconds(catch_up_within="30 seconds", catch_up="none")).lead()
    leader.step(1)
    fill(full)
    for _ in range(20):
        leader.step(1)
    fill(full, full=False)
    leader.step(1)
    [row] = [row for row in leader.rows().values() if row["is"] != "enqueued"]
    assert row["is"] == "refused"
    assert row["cause"] == "Redis was full"


def test_after_a_full_redis_each_schedule_gives_the_true_reason_whichever_goes_first(full: redis_py.Redis) -> None:
    clock = seconds("tick", catch_up="none", catch_up_within="1 minute")
    clock.every("25 seconds", name="other").enqueue(jobs.plain)
    leader = Leader(full, clock).lead()
    leader.step(1.5)
    fill(full)
    for _ in range(23):
        leader.step(1)
    fill(full, full=False)
    leader.step(0.5)
    assert leader.decisions("other") == {25: "enqueued"}
    leader.step(0.5)
    late = [row for row in leader.rows().values() if "from" in row]
    assert [(row["is"], row.get("cause")) for row in late] == [("refused", "Redis was full")]


def test_a_schedule_that_is_stuck_is_tried_again_after_a_second_and_stops_no_other(
    redis: redis_py.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    leader = Leader(redis, seconds("tick", "other")).lead()
    redis.set("rq:clock:default:ledger:tick", "not ours")
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            leader.step(1)
            assert (leader.ticker.wait_until() or 0) > leader.time.now
    assert sum("wrong type" in line for line in caplog.messages) == 1
    redis.delete("rq:clock:default:ledger:tick")
    leader.step(1)
    assert leader.decisions() == leader.decisions("other") == dict.fromkeys(range(1, 5), "enqueued")


def test_a_stuck_schedule_among_many_does_not_make_the_loop_spin(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds(*(f"s{n}" for n in range(300)))).lead()
    redis.set("rq:clock:default:ledger:s0", "not ours")
    leader.step(1)
    assert (leader.ticker.wait_until() or 0) >= BEGAN + 2


def test_more_than_one_batch_is_decided_in_one_step_and_the_lease_is_kept_in_between(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds(*(f"s{n}" for n in range(600)))).lead()
    pauses: list[int] = []
    leader.ticker._pause = lambda: pauses.append(1)
    leader.step(1)
    assert len(leader.queued()) == 600
    assert len(pauses) >= 3


def test_a_lease_lost_between_two_batches_loses_no_tick(redis: redis_py.Redis) -> None:
    time = Time()
    names = [f"s{n}" for n in range(300)]
    one, two = Leader(redis, seconds(*names), time).lead(), Leader(redis, seconds(*names), time).join().beat()

    def lose() -> None:
        two.lead()
        raise Fenced("another clock took the lead")

    one.ticker._pause = lose
    time.pass_by(1)
    with pytest.raises(Fenced):
        one.ticker.step()
    assert len(two.queued()) == 250
    two.step()
    assert len(two.queued()) == len(set(two.queued())) == 300


def test_all_is_caught_up_no_faster_than_the_storm_guard_allows(redis: redis_py.Redis) -> None:
    clock = Clock(catch_up_rate=5)
    clock.every("second", name="tick", catch_up="all", catch_up_within="1 hour", late_ok=1).enqueue(jobs.plain)
    leader = Leader(redis, clock).lead()
    leader.time.pass_by(30)
    leader.look_anew()
    counts = []
    for _ in range(3):
        leader.step(1)
        counts.append(len(leader.queued()))
    assert counts == [5, 10, 15]
    for _ in range(20):
        leader.step(1)
    assert leader.queued() == leader.ids(*range(1, len(leader.queued()) + 1))


def test_ticks_that_are_not_too_late_do_not_wait_for_the_storm_guard(redis: redis_py.Redis) -> None:
    clock = Clock(catch_up_rate=1)
    for n in range(50):
        clock.every("second", name=f"s{n}").enqueue(jobs.plain)
    leader = Leader(redis, clock).lead()
    leader.step(1)
    assert len(leader.queued()) == 50


def test_a_condition_that_says_no_skips_and_one_that_raises_refuses(redis: redis_py.Redis) -> None:
    def broken(local: Any) -> bool:
        raise KeyError("rota")

    clock = seconds("never", if_=lambda local: False)
    clock.every("second", name="broken", if_=broken).enqueue(jobs.plain)
    clock.every("second", name="tick", if_=lambda local: local.second % 2 == 0).enqueue(jobs.plain)
    leader = Leader(redis, clock)
    leader.memory.predicates = Predicates(limit=60)  # a busy machine may take the second that they have
    leader.lead().step(2)
    assert leader.decisions("never") == {1: "skipped", 2: "skipped"}
    assert leader.decisions("tick") == {1: "skipped", 2: "enqueued"}
    row = leader.rows("broken")[1]
    assert row["is"] == "refused" and "KeyError" in row["why"]


def test_conditions_that_hang_do_not_cost_the_lease(redis: redis_py.Redis) -> None:
    clock = Clock()
    for n in range(4):
        clock.every("second", name=f"s{n}", if_=lambda local: False).enqueue(jobs.plain)
    leader = Leader(redis, clock).lead()
    beats: list[float] = []
    leader.ticker._pause = lambda: beats.append(leader.time.monotonic)
    leader.memory.predicates.ask = lambda *args: leader.time.pass_by(1) or ("refused", "hangs")  # type: ignore
    leader.step(1)
    waits = [after - before for before, after in pairwise(beats)]
    assert max(waits) <= 1


def test_redis_that_went_back_to_an_earlier_state_is_noticed_and_decided_again(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds()).lead()
    leader.step(2)
    before = {key: redis.dump(key) for key in redis.scan_iter()}
    leader.step(3)
    redis.flushall()
    for key, value in before.items():
        redis.restore(key, 0, value or b"")
    leader.look_anew()
    assert leader.forgotten == ["tick"]
    leader.step()
    rows = leader.rows()
    assert leader.queued() == leader.ids(1, 2, 3, 4, 5)
    assert {tick for tick, row in rows.items() if row.get("refired")} == {3, 4, 5}


def test_a_redis_that_lost_everything_is_published_to_anew_and_goes_on(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds()).lead()
    leader.step(3)
    redis.flushall()
    with pytest.raises((Fenced, NotPublished)):
        leader.step(1)
    leader.lead()
    leader.step(1)
    assert leader.forgotten == ["tick"]
    assert leader.queued() == leader.ids(4, 5)


def test_time_that_steps_back_decides_nothing_twice(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds()).lead()
    leader.step(5)
    leader.time.now -= 3
    leader.look_anew()
    leader.step(1)
    leader.step(1)
    assert leader.queued() == leader.ids(1, 2, 3, 4, 5)
    leader.step(2)
    assert leader.queued()[5:] == leader.ids(6)


def test_two_clocks_that_disagree_on_the_time_enqueue_each_tick_once(redis: redis_py.Redis) -> None:
    ahead, behind = Time(now=BEGAN + 0.8), Time()
    one, two = Leader(redis, seconds(), ahead).lead(), Leader(redis, seconds(), behind).join()
    for turn in range(10):
        for time in (ahead, behind):
            time.pass_by(1)
        clock = (one, two)[turn % 2]
        clock.lead()
        clock.step()
    assert one.queued() == one.ids(*range(1, len(one.queued()) + 1))


# --- large timetables


@pytest.mark.parametrize(
    ("period", "least"),
    [("hour", 3 * 3), ("day", 3 * 3 + 25 + 5 * 3)],
    ids=["cursors, courses and plans", "besides: 25 slices, and the old definitions again and again"],
)
def test_the_lease_is_kept_while_a_large_timetable_is_read(redis: redis_py.Redis, period: str, least: int) -> None:
    before, after = (seconds(*map(str, range(2500)), period=each) for each in ("hour", period))
    Leader(redis, before).lead().lease.give_up()
    leader = Leader(redis, after).join()
    leader.beat()
    assert leader.acquire()
    pauses: list[float] = []
    ticker = Ticker(leader.timetable, leader.ledger, now=lambda: BEGAN, pause=lambda: pauses.append(BEGAN))
    ticker.take_lead(Outage())
    assert len(pauses) >= least  # one for each 1,000 schedules in each of these
