"""How jobs ended, kept after RQ has forgotten them."""

from __future__ import annotations

import json
from typing import Any

import pytest
import redis as redis_py
from rq import Queue, SimpleWorker

from rqclock import Clock
from rqclock.aftercare.janitor import Janitor
from rqclock.aftercare.outcomes import Outcomes
from rqclock.views.history import read_history
from tests.support import jobs
from tests.support.leader import BEGAN, Leader


def led(redis: redis_py.Redis, function: Any = jobs.plain) -> Leader:
    clock = Clock()
    clock.every("second", name="tick").enqueue(function)
    leader = Leader(redis, clock).lead()
    leader.step(1)
    return leader


def outcome(leader: Leader, tick: int = 1) -> dict[str, Any] | None:
    row = leader.connection.hget("rq:clock:default:outcomes:tick", BEGAN + tick)
    return json.loads(row) if row else None


def look(leader: Leader) -> None:
    Outcomes(leader.connection, leader.keys).step(leader.time.now)


def still_open(leader: Leader) -> Any:
    return leader.connection.zrange("rq:clock:default:open", 0, -1)


def test_a_finished_job_is_recorded_with_its_times_and_worker(redis: redis_py.Redis) -> None:
    leader = led(redis)
    leader.work()
    found = outcome(leader)
    assert found is not None
    assert found["status"] == "finished"
    assert found["started"] <= found["ended"]
    assert found["worker"]
    assert "error" not in found
    assert still_open(leader) == []


def test_a_failed_job_is_recorded_with_the_last_line_of_its_traceback(redis: redis_py.Redis) -> None:
    leader = led(redis, jobs.fail)
    leader.work()
    found = outcome(leader)
    assert found is not None
    assert (found["status"], found["error"]) == ("failed", "ValueError: the door is shut")


def test_a_job_that_waits_is_open_and_has_no_outcome(redis: redis_py.Redis) -> None:
    leader = led(redis)
    look(leader)
    assert outcome(leader) is None
    assert still_open(leader) == [leader.ids(1)[0].encode()]


def test_a_job_that_waits_for_its_retry_has_not_ended(redis: redis_py.Redis) -> None:
    leader = led(redis, jobs.fails_then_waits)
    leader.work()
    assert outcome(leader) is None
    assert len(still_open(leader)) == 1


def test_a_job_that_rq_has_forgotten_ended_unknown(redis: redis_py.Redis) -> None:
    leader = led(redis)
    redis.delete(f"rq:job:{leader.ids(1)[0]}")
    look(leader)
    assert outcome(leader) == {"status": "unknown"}
    assert still_open(leader) == []


def test_looking_twice_writes_the_same(redis: redis_py.Redis) -> None:
    leader = led(redis)
    leader.work()
    before = outcome(leader)
    look(leader)
    assert outcome(leader) == before


def test_a_job_that_a_pickle_worker_could_not_read_says_how_to_start_that_worker(redis: redis_py.Redis) -> None:
    leader = led(redis)
    SimpleWorker([Queue(connection=redis)], connection=redis).work(burst=True, logging_level="CRITICAL")
    look(leader)
    found = outcome(leader)
    assert found is not None and found["status"] == "failed"
    assert "RQ_JOB_CLASS" in found["error"] and "-S json" in found["error"]


def test_one_broken_job_does_not_hide_how_the_others_ended(redis: redis_py.Redis) -> None:
    leader = led(redis)
    leader.step(1)
    broken = f"rq:job:{leader.ids(1)[0]}"
    redis.delete(broken)
    redis.lrem("rq:queue:default", 0, leader.ids(1)[0])
    redis.set(broken, "not a job")
    leader.work()
    assert outcome(leader, 1) == {"status": "unknown"}
    found = outcome(leader, 2)
    assert found is not None and found["status"] == "finished"


def test_what_cannot_be_read_for_now_is_not_taken_for_forgotten(redis: redis_py.Redis) -> None:
    leader = led(redis)
    redis.execute_command("ACL", "SETUSER", "blind", "on", "nopass", "~*", "+@all", "-hmget")
    blind = redis_py.Redis(port=redis.get_connection_kwargs()["port"], username="blind", password="")
    with pytest.raises(redis_py.exceptions.NoPermissionError):
        Outcomes(blind, leader.keys).step(leader.time.now)
    assert outcome(leader) is None
    redis.execute_command("ACL", "DELUSER", "blind")


def retrying(redis: redis_py.Redis) -> Leader:
    """A run whose first attempt has failed, and which waits for its second and last."""
    leader = led(redis, jobs.fails_then_waits)
    leader.work()
    return leader


def run_of(leader: Leader) -> Any:
    return read_history(leader.connection, leader.keys, leader.schedule(), 1)[0]


def test_a_run_that_waits_for_its_retry_says_which_attempt_is_next(redis: redis_py.Redis) -> None:
    run = run_of(retrying(redis))
    assert (run.status, run.nth) == ("scheduled", "attempt 2 of 2")
    assert run.next_at == redis.zscore("rq:scheduled:default", run.job_id)
    [first] = run.attempts
    assert (first["attempt"], first["is"]) == (1, "retried")
    assert first["started"] <= first["ended"]
    assert first["worker"]


def test_the_attempts_of_a_run_are_kept_after_rq_forgets_the_job(redis: redis_py.Redis) -> None:
    leader = retrying(redis)
    [job_id] = leader.ids(1)
    redis.zadd("rq:scheduled:default", {job_id: 1})
    Janitor(redis, leader.keys).step(leader.time.now)
    leader.work()
    redis.delete(f"rq:job:{job_id}", f"rq:results:{job_id}")
    run = run_of(leader)
    assert (run.status, run.attempt, run.of, run.error) == ("failed", 2, 2, "ValueError: not yet")
    assert [one["attempt"] for one in run.attempts] == [1]
    assert redis.hlen("rq:clock:default:attempts:tick") == 0, "what is in progress is over"


def test_a_leader_that_comes_later_tells_the_attempts_from_what_redis_has(redis: redis_py.Redis) -> None:
    leader = retrying(redis)
    look(leader)  # another one's eyes
    assert len(run_of(leader).attempts) == 1


@pytest.mark.parametrize("status", ["stopped", "canceled"])
def test_a_run_that_a_person_ended_says_so(redis: redis_py.Redis, status: str) -> None:
    leader = led(redis)
    redis.hset(f"rq:job:{leader.ids(1)[0]}", "status", status)
    look(leader)
    found = outcome(leader)
    assert found is not None and found["status"] == status


def test_many_waiting_jobs_are_looked_at_more_rarely(redis: redis_py.Redis) -> None:
    leader = led(redis)
    monotonic = iter([100.0, 100.5, 101.0, 106.0, 106.0])  # a look takes half a second, so the next is 5 s later
    outcomes = Outcomes(redis, leader.keys, monotonic=lambda: next(monotonic))
    outcomes.step(0)
    redis.hset(f"rq:job:{leader.ids(1)[0]}", "status", "finished")
    outcomes.step(0)
    assert outcome(leader) is None
    outcomes.step(0)
    assert outcome(leader) == {"status": "finished"}
