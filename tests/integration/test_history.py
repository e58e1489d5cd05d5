"""What became of a schedule's runs, as pages and commands tell it."""

from __future__ import annotations

import time as clock_time

import redis as redis_py

from rqclock import Clock
from rqclock.running.entries import Outage
from rqclock.store.ledger import Entry
from rqclock.views.history import Run, read_histories, read_history
from tests.support import jobs
from tests.support.leader import BEGAN, Leader, seconds


def history(leader: Leader, limit: int = 20, name: str = "tick") -> list[Run]:
    return read_history(leader.connection, leader.keys, leader.schedule(name), limit)


def ticks(runs: list[Run]) -> list[int]:
    return [run.tick - BEGAN for run in runs]


def test_runs_come_newest_first_and_at_most_as_many_as_asked_for(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds()).lead()
    leader.step(9)
    assert ticks(history(leader, 3)) == [9, 8, 7]


def test_a_schedule_that_never_ran_has_no_history(redis: redis_py.Redis) -> None:
    assert history(Leader(redis, seconds()).lead()) == []


def test_a_run_says_how_late_it_was_queued(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds()).lead()
    leader.step(1.25)
    [run] = history(leader)
    assert (run.decision, run.lateness, run.reason) == ("enqueued", 0.25, None)
    assert run.job_id == leader.ids(1)[0]


def test_a_gap_is_told_tick_by_tick(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds(period="1 minute")).lead()
    leader.step(60)
    leader.time.pass_by(300)
    leader.look_anew(Outage(BEGAN + 61))
    leader.step()
    runs = history(leader)
    assert ticks(runs) == [360, 300, 240, 180, 120, 60]
    assert [run.decision for run in runs] == ["enqueued"] + ["missed"] * 4 + ["enqueued"]
    assert runs[2].reason == "outside the catch-up window: clock was down 15 Jan 08:01:01 to 15 Jan 08:06:00"
    assert all(run.job_id is None and run.status is None for run in runs[1:5])


def test_a_gap_counts_against_the_limit_tick_by_tick(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds(period="1 minute")).lead()
    leader.step(60)
    leader.step(300)
    assert ticks(history(leader, 3)) == [360, 300, 240]


def test_the_end_of_a_gap_of_millions_is_told_without_walking_through_all_of_it(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds()).lead()
    month = 30 * 86400
    leader.fire(Entry(leader.schedule(), BEGAN + month, BEGAN, "missed", {"why": "window", "from": BEGAN, "n": None}))
    began = clock_time.process_time()
    assert ticks(history(leader, 5)) == [month - n for n in range(5)]
    assert clock_time.process_time() - began < 0.5


def test_a_gap_of_a_rare_schedule_is_told_whole(redis: redis_py.Redis) -> None:
    clock = Clock()
    clock.cron("0 9 * * MON", name="tick").enqueue(jobs.plain)
    leader = Leader(redis, clock).lead()
    schedule = leader.schedule()
    first = schedule.after(BEGAN) or 0
    last = first + 5 * 7 * 86400
    leader.fire(Entry(schedule, last, BEGAN, "missed", {"why": "window", "from": first, "n": 6}))
    assert [run.tick for run in history(leader, 4)] == [last - n * 7 * 86400 for n in range(4)]
    assert len(history(leader, 20)) == 6


def test_a_job_on_its_way_is_shown_as_rq_has_it_now(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds()).lead()
    leader.step(1)
    assert history(leader)[0].status == "queued"
    redis.hset(f"rq:job:{leader.ids(1)[0]}", mapping={"status": "started", "started_at": "2027-01-15T08:00:02.500000Z"})
    [run] = history(leader)
    assert (run.status, run.started_at, run.finished_at, run.duration) == ("started", BEGAN + 2.5, None, None)


def test_an_ended_job_is_remembered_after_rq_forgot_it(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds()).lead()
    leader.step(1)
    leader.work()
    redis.delete(f"rq:job:{leader.ids(1)[0]}")
    [run] = history(leader)
    assert run.status == "finished"
    assert run.duration is not None and run.duration >= 0
    assert run.worker


def test_a_job_that_rq_forgot_before_anyone_looked_is_unknown_and_not_running(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds()).lead()
    leader.step(1)
    redis.delete(f"rq:job:{leader.ids(1)[0]}")
    assert history(leader)[0].status == "unknown"


def test_a_skipped_run_names_the_job_that_still_ran(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds(overlap="skip")).lead()
    leader.step(2)
    newest = history(leader)[0]
    assert (newest.decision, newest.job_id, newest.status) == ("skipped", leader.ids(1)[0], None)


def test_a_row_with_bytes_that_are_no_text_is_shown_all_the_same(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds()).lead()
    redis.hset(f"rq:job:{leader.ids(1)[0]}", mapping={"description": b"\xff\xfe" + b"x" * 10_000})
    leader.step(2)
    newest, refused = history(leader)
    assert (newest.decision, refused.decision) == ("enqueued", "refused")
    assert refused.reason is not None and len(refused.reason) < 400


def test_the_histories_of_many_schedules_do_not_mix(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds("a", "b", "c")).lead()
    leader.step(1)
    leader.fire(leader.entry(2, "b"))
    found = read_histories(redis, leader.keys, [leader.schedule(name) for name in "abc"], 10)
    assert [ticks(runs) for runs in found] == [[1], [2, 1], [1]]
    assert [run.job_id for run in found[1]] == leader.ids(2, 1, name="b")


def test_reading_many_histories_takes_few_round_trips(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds(*(f"s{n}" for n in range(100)))).lead()
    leader.step(1)
    before = redis.info("stats")["total_reads_processed"]
    read_histories(redis, leader.keys, leader.timetable.schedules, 12)
    assert redis.info("stats")["total_reads_processed"] - before < 60
