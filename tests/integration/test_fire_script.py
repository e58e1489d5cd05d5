"""The one step by which due ticks become decisions and jobs, against a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import redis as redis_py

from rqclock import Clock
from rqclock.store.ledger import Fenced, NotPublished, WrongType
from tests.support import jobs
from tests.support.leader import BEGAN, Leader, Time, seconds


@pytest.fixture
def leader(redis: redis_py.Redis) -> Leader:
    return Leader(redis, seconds("tick", "other")).lead()


@pytest.fixture
def skipping(redis: redis_py.Redis) -> Leader:
    return Leader(redis, seconds("tick", overlap="skip")).lead()


@pytest.fixture
def full(redis: redis_py.Redis) -> Iterator[redis_py.Redis]:
    """A Redis that `full.config_set("maxmemory", 1)` fills; it is empty again afterwards."""
    yield redis
    redis.config_set("maxmemory", 0)


def words(verdicts: list) -> list[str]:
    return [verdict.decision for verdict in verdicts]


def everything(redis: redis_py.Redis) -> dict[bytes, bytes | None]:
    """The whole content of a server."""
    return {key: redis.dump(key) for key in sorted(redis.scan_iter())}


# --- once


def test_a_tick_is_enqueued_once_when_two_clocks_race_with_the_same_cursor(leader: Leader) -> None:
    first, second = leader.entry(1), leader.entry(1)
    assert words(leader.fire(first)) == ["enqueued"]
    assert leader.fire(second)[0].decision == "decided"
    assert leader.queued() == leader.ids(1)


def test_the_loser_of_a_race_learns_where_the_cursor_is(leader: Leader) -> None:
    stale = leader.entry(1)
    leader.fire(*leader.chain(1, 2, 3))
    assert leader.fire(stale)[0].detail == str(BEGAN + 3)


def test_sending_a_batch_again_after_a_lost_reply_is_harmless(leader: Leader) -> None:
    batch = [*leader.chain(1, 2, 3), *leader.chain(1, 2, name="other")]
    leader.fire(*batch)
    before = everything(leader.connection)
    assert words(leader.fire(*batch)) == ["decided"] * 5
    assert everything(leader.connection) == before


def test_a_half_repeated_batch_goes_on_where_the_first_one_ended(leader: Leader) -> None:
    leader.fire(*leader.chain(1, 2))
    assert words(leader.fire(*leader.chain(3, 4))) == ["enqueued", "enqueued"]
    assert leader.queued() == leader.ids(1, 2, 3, 4)


def test_a_tick_that_is_not_later_than_the_cursor_is_never_decided_again(leader: Leader) -> None:
    leader.fire(leader.entry(5))
    assert words(leader.fire(leader.entry(5, cursor=5), leader.entry(4, cursor=5))) == ["decided", "decided"]


def test_a_tick_twice_in_one_batch_is_enqueued_once(leader: Leader) -> None:
    assert words(leader.fire(leader.entry(1), leader.entry(1))) == ["enqueued", "decided"]


def test_the_queue_holds_the_jobs_in_the_order_of_the_batch(leader: Leader) -> None:
    batch = [leader.entry(1), leader.entry(1, "other"), leader.entry(2, cursor=1), leader.entry(2, "other", cursor=1)]
    leader.fire(*batch)
    assert leader.queued() == [
        job for tick in (1, 2) for name in ("tick", "other") for job in leader.ids(tick, name=name)
    ]


def test_a_batch_of_250_ticks_is_one_step(leader: Leader) -> None:
    assert words(leader.fire(*leader.chain(*range(1, 251)))) == ["enqueued"] * 250
    assert leader.queued() == leader.ids(*range(1, 251))
    assert leader.cursor() == BEGAN + 250


# --- fenced


def test_a_clock_whose_lease_another_one_took_writes_nothing(redis: redis_py.Redis) -> None:
    time = Time()
    old = Leader(redis, seconds(), time).lead()
    entry = old.entry(1)
    new = Leader(redis, seconds(), time).join().beat()
    time.pass_by(2.1)
    assert new.acquire()
    before = everything(redis)
    with pytest.raises(Fenced, match=new.lease.owner):
        old.fire(entry)
    assert everything(redis) == before


def test_the_same_clock_in_a_new_epoch_fences_its_own_old_messages(leader: Leader) -> None:
    leader.lease.epoch = str(int(leader.lease.epoch) - 1)
    with pytest.raises(Fenced):
        leader.fire(leader.entry(1))
    assert leader.queued() == []


def test_a_timetable_that_is_not_in_force_fires_nothing(leader: Leader) -> None:
    with pytest.raises(NotPublished):
        leader.fire(leader.entry(1), fingerprint="another")
    assert leader.rows() == {}


# --- keys of the wrong type


@pytest.mark.parametrize("key", ["rq:clock:default:timetable", "rq:clock:default:paused", "rq:clock:default:open"])
def test_a_key_of_ours_with_the_wrong_type_refuses_the_batch_and_writes_nothing(leader: Leader, key: str) -> None:
    leader.connection.delete(key)
    leader.connection.set(key, "not ours")
    before = everything(leader.connection)
    with pytest.raises(WrongType, match=key):
        leader.fire(leader.entry(1))
    assert everything(leader.connection) == before


def test_cursors_of_the_wrong_type_refuse_the_batch(leader: Leader) -> None:
    entry = leader.entry(1)
    leader.connection.delete("rq:clock:default:cursors")
    leader.connection.set("rq:clock:default:cursors", "not ours")
    with pytest.raises(WrongType, match="cursors"):
        leader.fire(entry)


def test_rqs_own_list_of_queues_with_the_wrong_type_loses_no_tick(leader: Leader) -> None:
    leader.connection.set("rq:queues", "not a set")
    before = everything(leader.connection)
    with pytest.raises(WrongType, match="rq:queues"):
        leader.fire(leader.entry(1))
    assert everything(leader.connection) == before


@pytest.mark.parametrize("key", ["ledger", "index", "template"])
def test_a_broken_key_of_one_schedule_stops_that_schedule_alone(leader: Leader, key: str) -> None:
    broken = f"rq:clock:default:{key}:tick"
    leader.connection.delete(broken)
    leader.connection.set(broken, "not ours")
    verdicts = leader.fire(leader.entry(1, "other"), leader.entry(1))
    assert words(verdicts) == ["enqueued", "stuck"]
    assert f"wrong type of {broken}" in verdicts[1].detail
    assert leader.queued() == leader.ids(1, name="other")
    assert leader.cursor() == BEGAN


def test_a_broken_set_of_running_jobs_stops_a_schedule_that_asks_for_it(skipping: Leader) -> None:
    skipping.connection.set("rq:clock:default:running:tick", "not ours")
    assert words(skipping.fire(skipping.entry(1))) == ["stuck"]
    assert skipping.queued() == []


@pytest.mark.parametrize("key", ["template", "cursors"])
def test_a_schedule_whose_keys_someone_deleted_is_stuck_and_keeps_its_tick(leader: Leader, key: str) -> None:
    entry = leader.entry(1)
    if key == "template":
        leader.connection.delete("rq:clock:default:template:tick")
    else:
        leader.connection.hdel("rq:clock:default:cursors", "tick")
    verdicts = leader.fire(leader.entry(1, "other"), entry)
    assert words(verdicts) == ["enqueued", "stuck"]
    assert verdicts[1].detail == f"{key.rstrip('s')} missing"
    assert leader.rows() == {}


def test_a_queue_that_is_no_list_refuses_the_tick_and_says_so(leader: Leader) -> None:
    leader.connection.set("rq:queue:default", "not a list")
    assert words(leader.fire(leader.entry(1))) == ["refused"]
    assert leader.rows()[1]["why"] == "wrong type: rq:queue:default is no list"
    assert leader.cursor() == BEGAN + 1
    assert not leader.connection.exists(f"rq:job:{leader.ids(1)[0]}")


def test_a_job_id_that_is_taken_refuses_the_tick_and_names_the_creator(leader: Leader) -> None:
    taken = f"rq:job:{leader.ids(1)[0]}"
    leader.connection.hset(taken, mapping={"description": "jobs.import_all()", "created_at": "2026-01-01T00:00:00Z"})
    before = leader.connection.dump(taken)
    assert words(leader.fire(leader.entry(1), leader.entry(1, "other"))) == ["refused", "enqueued"]
    why = leader.rows()[1]["why"]
    assert why.startswith("duplicate id") and "jobs.import_all()" in why and "2026-01-01" in why
    assert leader.connection.dump(taken) == before


def test_a_job_id_that_is_taken_by_another_type_refuses_the_tick(leader: Leader) -> None:
    leader.connection.set(f"rq:job:{leader.ids(1)[0]}", "?")
    assert words(leader.fire(leader.entry(1))) == ["refused"]


# --- paused


def pause(leader: Leader, whom: str, **facts: object) -> None:
    leader.connection.hset(leader.keys.named("paused"), whom, json.dumps(facts))


def test_a_paused_schedule_skips_its_tick_naming_who_and_why(leader: Leader) -> None:
    pause(leader, "tick", by="ann", why="bank is down")
    assert words(leader.fire(leader.entry(1), leader.entry(1, "other"))) == ["skipped", "enqueued"]
    assert leader.rows()[1]["why"] == "paused by ann: bank is down"


def test_a_pause_of_all_skips_every_schedule(leader: Leader) -> None:
    pause(leader, "*", by="ann")
    assert words(leader.fire(leader.entry(1), leader.entry(1, "other"))) == ["skipped", "skipped"]
    assert leader.rows()[1]["why"] == "paused by ann"


def test_a_pause_with_an_end_lets_the_tick_at_its_end_through(leader: Leader) -> None:
    pause(leader, "tick", by="ann", until=BEGAN + 2)
    assert words(leader.fire(*leader.chain(1, 2))) == ["skipped", "enqueued"]


def test_an_ended_pause_of_one_does_not_end_the_pause_of_all(leader: Leader) -> None:
    pause(leader, "tick", by="ann", until=BEGAN)
    pause(leader, "*", by="ben")
    leader.fire(leader.entry(1))
    assert leader.rows()[1]["why"] == "paused by ben"


def test_a_pause_does_not_change_a_decision_that_was_taken_before(leader: Leader) -> None:
    pause(leader, "*", by="ann")
    leader.fire(leader.entry(1, decision="missed", row={"why": "down", "from": BEGAN, "n": 2}))
    row = leader.rows()[1]
    assert row == {"is": "missed", "at": BEGAN * 1000, "why": "down", "from": BEGAN, "n": 2}


# --- overlap


def test_an_open_run_skips_the_next_one_within_a_batch(skipping: Leader) -> None:
    assert words(skipping.fire(*skipping.chain(1, 2, 3))) == ["enqueued", "skipped", "skipped"]
    assert skipping.rows()[2]["job"] == skipping.ids(1)[0]


@pytest.mark.parametrize("status", ["queued", "started", "scheduled", "deferred"])
def test_an_open_run_skips_the_next_one_of_a_later_batch(skipping: Leader, status: str) -> None:
    skipping.fire(skipping.entry(1))
    skipping.connection.hset(f"rq:job:{skipping.ids(1)[0]}", "status", status)
    assert words(skipping.fire(skipping.entry(2))) == ["skipped"]


@pytest.mark.parametrize("status", ["finished", "failed", "stopped", "canceled", None])
def test_a_run_that_ended_or_is_forgotten_skips_nothing(skipping: Leader, status: str | None) -> None:
    skipping.fire(skipping.entry(1))
    job = f"rq:job:{skipping.ids(1)[0]}"
    skipping.connection.hset(job, "status", status) if status else skipping.connection.delete(job)
    assert words(skipping.fire(*skipping.chain(2, 3))) == ["enqueued", "skipped"]


def test_overlap_allow_enqueues_whatever_still_runs(leader: Leader) -> None:
    assert words(leader.fire(*leader.chain(1, 2))) == ["enqueued", "enqueued"]


# --- a full Redis


def test_a_full_redis_gets_nothing_written_at_all(leader: Leader, full: redis_py.Redis) -> None:
    before = everything(full)
    full.config_set("maxmemory", 1)
    with pytest.raises(redis_py.OutOfMemoryError):
        leader.fire(*leader.chain(1, 2), leader.entry(1, "other"))
    assert everything(full) == before


def test_a_full_redis_gets_no_skip_written_either(leader: Leader, full: redis_py.Redis) -> None:
    pause(leader, "*", by="ann")
    before = everything(full)
    full.config_set("maxmemory", 1)
    with pytest.raises(redis_py.OutOfMemoryError):
        leader.fire(leader.entry(1))
    assert everything(full) == before


def test_after_a_full_redis_the_same_batch_goes_through(leader: Leader, full: redis_py.Redis) -> None:
    full.config_set("maxmemory", 1)
    with pytest.raises(redis_py.OutOfMemoryError):
        leader.fire(leader.entry(1))
    full.config_set("maxmemory", 0)
    assert words(leader.fire(leader.entry(1))) == ["enqueued"]


# --- what is written


def test_row_index_cursor_and_open_list_are_written_with_the_job(leader: Leader) -> None:
    leader.time.now = BEGAN + 1.25
    leader.fire(leader.entry(1, row={"why": 'a "note", ünïcode'}))
    [job] = leader.queued()
    assert leader.rows() == {1: {"is": "enqueued", "at": BEGAN * 1000 + 1250, "why": 'a "note", ünïcode'}}
    assert leader.connection.zscore("rq:clock:default:index:tick", BEGAN + 1) == BEGAN + 1
    assert leader.cursor() == BEGAN + 1
    assert leader.connection.zscore("rq:clock:default:open", job) == BEGAN * 1000 + 1250
    assert leader.connection.smembers("rq:queues") == {b"rq:queue:default"}


def test_jobs_of_one_batch_reach_each_its_own_queue(redis: redis_py.Redis) -> None:
    clock = seconds("tick")
    clock.every("second", name="other").enqueue(jobs.retried)
    leader = Leader(redis, clock).lead()
    leader.fire(leader.entry(1), leader.entry(1, "other"))
    assert (leader.queued(), leader.queued("mail")) == (leader.ids(1), leader.ids(1, name="other"))


def test_two_services_with_a_schedule_of_the_same_name_share_a_redis_in_peace(redis: redis_py.Redis) -> None:
    leaders = []
    for name in ("default", "pensions"):
        clock = Clock(name=name)
        clock.every("second", name="tick").enqueue(jobs.plain)
        leaders.append(Leader(redis, clock).lead())
    decisions = [word for leader in leaders for word in words(leader.fire(leader.entry(1)))]
    assert decisions == ["enqueued", "enqueued"]
    assert len(set(leaders[0].queued())) == 2
