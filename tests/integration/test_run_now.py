"""A person has a job run now: once for each request, beside the timetable."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import redis as redis_py

from rqclock import Clock, Job
from rqclock.acts.run_now import Request, run_now
from rqclock.errors import ConfigurationError, RqclockError
from rqclock.views.history import read_history
from tests.support import chores, jobs
from tests.support.leader import Leader, seconds


@pytest.fixture
def leader(redis: redis_py.Redis) -> Leader:
    clock = Clock()
    clock.every("hour", name="tick").enqueue(jobs.add, 1, b=2)
    clock.every("hour", name="other").enqueue(jobs.plain)
    return Leader(redis, clock).lead()


def run(leader: Leader, token: str = "", *, name: str = "tick", **more: object) -> str:
    request = Request("ann", "the minister asks", token)
    return run_now(leader.connection, leader.keys, leader.schedule(name), request, **more).job_id


def everything(redis: redis_py.Redis) -> dict[bytes, bytes | None]:
    return {key: redis.dump(key) for key in sorted(redis.scan_iter())}


def test_the_job_of_the_schedule_is_queued_and_runs(leader: Leader) -> None:
    job_id = run(leader)
    assert leader.queued() == [job_id]
    leader.work()
    assert Job.fetch(job_id, connection=leader.connection).return_value() == 3


def test_one_request_runs_once_however_often_it_is_sent(leader: Leader) -> None:
    assert len({run(leader, "a1"), run(leader, "a1"), run(leader, "a1")}) == 1
    assert len(leader.queued()) == 1


def test_two_requests_in_one_second_run_twice(leader: Leader) -> None:
    assert len({run(leader), run(leader), run(leader, "a1"), run(leader, "a2")}) == 4
    assert len(leader.queued()) == 4


def test_the_same_token_for_two_schedules_is_two_requests(leader: Leader) -> None:
    assert run(leader, "november") != run(leader, "november", name="other")
    assert len(leader.queued()) == 2


def test_it_runs_while_the_schedule_is_paused_and_leaves_the_cursor_alone(leader: Leader) -> None:
    leader.connection.hset(leader.keys.named("paused"), "*", json.dumps({"by": "ben"}))
    before = leader.cursor()
    run(leader)
    assert len(leader.queued()) == 1
    assert leader.cursor() == before


def test_the_history_says_who_asked_and_why_and_how_it_ended(leader: Leader) -> None:
    job_id = run(leader)
    leader.work()
    [found] = read_history(leader.connection, leader.keys, leader.schedule(), 5)
    assert (found.decision, found.job_id, found.status) == ("enqueued", job_id, "finished")
    assert found.reason is not None and "ann" in found.reason and "the minister asks" in found.reason
    assert found.lateness is None


@pytest.mark.parametrize(("args", "result"), [([5], 5), ([5, 6], 11), ({"a": 1, "b": 1}, 2)])
def test_other_arguments_replace_the_schedules_own(leader: Leader, args: object, result: int) -> None:
    job_id = run(leader, args=args)
    leader.work()
    assert Job.fetch(job_id, connection=leader.connection).return_value() == result


@pytest.mark.parametrize("args", ["text", 5, [float("nan")], {"a": (1,)}])
def test_arguments_that_cannot_be_carried_are_refused_before_anything_is_written(leader: Leader, args: object) -> None:
    before = everything(leader.connection)
    with pytest.raises(ConfigurationError):
        run(leader, args=args)
    assert everything(leader.connection) == before


@pytest.mark.parametrize("token", ["two words", "a_b", "ünï", "x/y", "a" * 101])
def test_a_token_that_no_job_id_can_hold_is_refused(leader: Leader, token: str) -> None:
    with pytest.raises(ConfigurationError, match="token"):
        run(leader, token)
    assert leader.queued() == []


def test_a_schedule_that_no_clock_has_published_says_so(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds())
    with pytest.raises(RqclockError, match="start a clock"):
        run(leader)
    assert list(redis.scan_iter()) == []


@pytest.mark.parametrize(
    "key",
    ["rq:queue:default", "rq:queues", *(f"rq:clock:default:{name}" for name in ("open", "ledger:tick", "index:tick"))],
)
def test_a_key_of_the_wrong_type_refuses_the_request_and_writes_nothing(leader: Leader, key: str) -> None:
    leader.connection.delete(key)
    leader.connection.set(key, "something else")
    before = everything(leader.connection)
    with pytest.raises(RqclockError, match=key):
        run(leader, "a1")
    assert everything(leader.connection) == before


def test_a_full_redis_gets_nothing_written_and_the_request_may_be_sent_again(leader: Leader) -> None:
    before = everything(leader.connection)
    leader.connection.config_set("maxmemory", 1)
    try:
        with pytest.raises(redis_py.OutOfMemoryError):
            run(leader, "a1")
    finally:
        leader.connection.config_set("maxmemory", 0)
    assert everything(leader.connection) == before
    job_id = run(leader, "a1")
    assert leader.queued() == [job_id]


def test_a_run_by_hand_makes_the_next_tick_wait_where_overlap_is_skipped(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds(overlap="skip")).lead()
    job_id = run(leader)
    leader.step(1)
    assert leader.rows()[1]["job"] == job_id


def test_other_arguments_are_masked_though_the_function_is_not_loaded_here(redis: redis_py.Redis) -> None:
    clock = Clock()
    clock.every("hour", name="letter").enqueue(chores.letter, "Amira", email="amira@example.org")
    leader = Leader(redis, clock).lead()
    there = replace(
        leader.schedule("letter"), target=replace(leader.schedule("letter").target, path="not.loaded.letter")
    )
    for token, args in {"a": {"name": "Ann", "email": "ann@example.org"}, "b": ["Ann", "ann@example.org"]}.items():
        job_id = run_now(redis, leader.keys, there, Request("ann", token=token), args=args).job_id
        description = str(redis.hget(f"rq:job:{job_id}", "description"))
        assert "[masked]" in description and "'Ann'" in description and "ann@" not in description
