"""Backfill queues past runs after all: each once, whatever happens meanwhile, and the records say so."""

from __future__ import annotations

from collections import Counter

import pytest
import redis as redis_py

from rqclock.acts.activity import read
from rqclock.acts.backfill import BATCH, Pace
from rqclock.errors import RqclockError
from rqclock.views.history import read_history
from tests.support.leader import BEGAN
from tests.support.world import ANN, World

TEN = {"period": "10 seconds"}


@pytest.fixture
def world(redis: redis_py.Redis) -> World:
    """Ten runs: 10 and 20 queued, 30 to 80 missed in an outage, 90 and 100 queued."""
    world = World(redis)
    return world.on(20).down(80)


def outcomes(world: World, start: int, end: int, *, again: bool = False) -> dict[int, str]:
    return {one.candidate.tick - BEGAN: one.outcome for one in world.backfill(start, end, again=again)}


def test_missed_runs_of_a_gap_are_queued_with_the_time_at_which_they_were_due(world: World) -> None:
    before = world.leader.queued()
    assert outcomes(world, 40, 61) == {40: "enqueued", 50: "enqueued", 60: "enqueued"}
    assert world.leader.queued() == [*before, *world.leader.ids(40, 50, 60)]
    job = world.keys.job(world.leader.ids(50)[0])
    assert world.redis.hget(job, "scheduled_for") == str(BEGAN + 50).encode()


def test_a_worker_runs_what_was_backfilled_and_its_end_is_recorded(world: World) -> None:
    world.backfill(40, 41)
    world.leader.work()
    run = next(run for run in read_history(world.redis, world.keys, world.schedule(), 20) if run.tick == BEGAN + 40)
    assert (run.decision, run.status, run.backfilled_from, run.lateness) == ("enqueued", "finished", "missed", None)


def test_the_history_shows_each_run_once_with_what_it_had_been(world: World) -> None:
    world.backfill(40, 81)
    runs = read_history(world.redis, world.keys, world.schedule(), 20)
    assert [run.tick - BEGAN for run in runs] == [100, 90, 80, 70, 60, 50, 40, 30, 20, 10]
    assert Counter(run.decision for run in runs) == {"enqueued": 9, "missed": 1}
    assert runs[3].reason == (
        "backfilled by Ann: the register is down; "
        "it had been missed: outside the catch-up window: clock was down 15 Jan 08:00:20 to 15 Jan 08:01:40"
    )


def test_a_short_history_of_a_long_gap_shows_its_backfilled_runs_in_their_place(world: World) -> None:
    world.backfill(60, 61)
    runs = read_history(world.redis, world.keys, world.schedule(), 6)
    assert [(run.tick - BEGAN, run.decision) for run in runs][2:] == [
        (80, "missed"), (70, "missed"), (60, "enqueued"), (50, "missed"),
    ]  # fmt: skip


@pytest.mark.parametrize("span", [(30, 31), (50, 51), (80, 81), (30, 90), (1, 200)])
def test_the_audit_is_clean_and_why_knows_after_a_backfill_at_any_end_of_a_gap(
    world: World, span: tuple[int, int]
) -> None:
    queued = {second for second, outcome in outcomes(world, *span).items() if outcome == "enqueued"}
    assert world.findings() == []
    for second in range(30, 81, 10):
        assert world.why(second).answer == ("enqueued" if second in queued else "missed"), second


def test_a_backfill_twice_queues_once(world: World) -> None:
    assert outcomes(world, 30, 81) == dict.fromkeys(range(30, 81, 10), "enqueued")
    assert outcomes(world, 30, 81) == dict.fromkeys(range(30, 81, 10), "left")
    assert max(Counter(world.leader.queued()).values()) == 1


def test_two_people_who_backfill_at_the_same_time_queue_each_run_once(world: World) -> None:
    """Both have looked before either acts."""
    one, other = world.backfilling(30, 81), world.backfilling(30, 81)
    seen = list(other.plan())
    other.plan = lambda: iter(seen)  # type: ignore[method-assign]
    assert {result.outcome for result in one.run(Pace())} == {"enqueued"}
    assert {result.outcome for result in other.run(Pace())} == {"changed"}
    assert max(Counter(world.leader.queued()).values()) == 1


def test_a_backfill_whose_answer_was_lost_and_is_sent_again_queues_once(world: World) -> None:
    work = world.backfilling(30, 81)
    seen = list(work.plan())
    work.plan = lambda: iter(seen)  # type: ignore[method-assign]
    list(work.run(Pace()))
    assert {result.outcome for result in work.run(Pace())} == {"changed"}
    assert max(Counter(world.leader.queued()).values()) == 1


def test_runs_that_were_queued_are_left_unless_asked_for_again(world: World) -> None:
    assert outcomes(world, 10, 21) == {10: "left", 20: "left"}
    cursor = world.leader.cursor()
    assert outcomes(world, 10, 21, again=True) == {10: "enqueued", 20: "enqueued"}
    assert world.leader.cursor() == cursor
    again = [job for job in world.leader.queued() if "_r" in job]
    assert len(again) == 2 and all(job.startswith("tick_20270115T0800") for job in again)
    assert world.findings() == []


def test_skipped_and_refused_runs_can_be_backfilled(redis: redis_py.Redis) -> None:
    world = World(redis)
    redis.hset(world.keys.job(world.leader.ids(20)[0]), "status", "finished")
    world.pauses.pause(None, ANN, until=BEGAN + 15)
    world.on(20)
    assert world.leader.decisions() == {10: "skipped", 20: "refused"}
    assert outcomes(world, 1, 30) == {10: "enqueued", 20: "duplicate"}
    redis.delete(world.keys.job(world.leader.ids(20)[0]))
    assert outcomes(world, 1, 30) == {10: "left", 20: "enqueued"}
    assert world.findings() == []


def test_runs_not_decided_yet_are_left_to_the_clock(world: World) -> None:
    world.time.pass_by(30)
    assert outcomes(world, 95, 140) == {100: "left", 110: "left", 120: "left", 130: "left"}
    assert world.leader.cursor() == BEGAN + 100


def test_runs_of_which_nothing_is_recorded_are_left(world: World) -> None:
    world.redis.hdel(world.keys.of("ledger", "tick"), str(BEGAN + 20))
    assert outcomes(world, 20, 21) == {20: "left"}


def test_old_runs_are_those_of_the_rule_of_that_time(redis: redis_py.Redis) -> None:
    world = World(redis)
    world.down(100).deploy(tick={"period": "7 seconds"})
    assert [second for second, outcome in outcomes(world, 1, 60).items() if outcome == "enqueued"] == [
        10,
        20,
        30,
        40,
        50,
    ]


def test_a_schedule_that_has_left_the_timetable_has_no_job_to_queue(redis: redis_py.Redis) -> None:
    world = World(redis, tick=TEN, other=TEN)
    world.down(100)
    work = world.backfilling(1, 50)
    world.deploy(other=TEN)
    with pytest.raises(RqclockError, match="in no timetable in force"):
        list(work.run(Pace()))


def test_the_activity_says_once_who_backfilled_what(world: World) -> None:
    list(world.backfilling(1, 81).run(Pace(rate=2, sleep=lambda seconds: None), planned=6))
    entries = [entry for entry in read(world.redis, world.keys) if entry.what == "backfilled"]
    assert len(entries) == 1
    assert entries[0].who == "Ann"
    assert entries[0].detail == {"from": "2027-01-15T08:00:01Z", "to": "2027-01-15T08:01:21Z", "runs": 6}


def test_a_backfill_that_queues_nothing_records_nothing(world: World) -> None:
    world.backfill(10, 21)
    assert [entry.what for entry in read(world.redis, world.keys)] == []


def test_a_rate_spreads_the_runs_over_time(redis: redis_py.Redis) -> None:
    world = World(redis, tick={"period": "second", "catch_up": "none", "late_ok": 1})
    world.down(100)
    clock, pushed = [0.0], []

    def sleep(seconds: float) -> None:
        pushed.append((clock[0], redis.llen("rq:queue:default")))
        clock[0] += seconds

    pace = Pace(rate=20, monotonic=lambda: clock[0], sleep=sleep)
    done = [one for one in world.backfilling(1, 91).run(pace) if one.outcome == "enqueued"]
    assert len(done) == 90
    assert [(round(at), count - 2) for at, count in pushed] == [(0, 0), (0, 20), (1, 40), (2, 60), (3, 80)]


def test_a_full_redis_stops_a_backfill_and_nothing_is_half_done(world: World) -> None:
    world.redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(redis_py.OutOfMemoryError):
            world.backfill(30, 81)
    finally:
        world.redis.config_set("maxmemory", 0)
    assert world.findings() == []
    assert outcomes(world, 30, 81) == dict.fromkeys(range(30, 81, 10), "enqueued")


def test_a_queue_key_of_another_kind_stops_a_backfill_before_anything_is_written(world: World) -> None:
    world.redis.delete("rq:queue:default")
    world.redis.set("rq:queue:default", "mine")
    with pytest.raises(RqclockError, match="rq:queue:default holds something else"):
        world.backfill(30, 81)
    world.redis.delete("rq:queue:default")
    assert set(outcomes(world, 30, 81).values()) == {"enqueued"}


def test_long_spans_are_done_in_pieces(redis: redis_py.Redis) -> None:
    world = World(redis, tick={"period": "second", "catch_up": "none", "late_ok": 1})
    world.down(1300)
    done = world.backfill(1, 1300)
    assert [one.candidate.tick - BEGAN for one in done if one.outcome == "enqueued"] == list(range(1, 1299))
    assert len(done) > 20 * BATCH
    assert world.findings() == []


def test_a_backfilled_run_keeps_a_schedule_that_must_not_overlap_from_starting(redis: redis_py.Redis) -> None:
    world = World(redis, tick={**TEN, "overlap": "skip"})
    world.on(10)
    world.leader.work()
    world.down(60)
    world.leader.work()
    world.backfill(30, 31)
    world.on(10)
    assert world.leader.decisions()[80] == "skipped"
    assert world.leader.rows()[80]["job"] == world.leader.ids(30)[0]
