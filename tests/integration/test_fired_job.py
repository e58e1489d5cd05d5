"""A job that the fire script copies is the job that RQ's own `enqueue` would have written."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import pytest
import redis as redis_py
from rq import Queue

from rqclock import Clock, Job
from rqclock.jobs.decorator import options_of, path_of
from rqclock.jobs.serializer import JobSerializer
from tests.support import jobs
from tests.support.leader import Leader

OF_THE_MOMENT = (b"created_at", b"enqueued_at")
OURS = {b"schedule", b"scheduled_for", b"attempts"}
KINDS: list[Any] = [
    (jobs.plain, (), {}),
    (jobs.add, (1,), {"b": 2}),
    (jobs.add, (), {"a": "Grüße, 你好, 👋"}),
    (jobs.retried, (), {}),
    (jobs.short_lived, (), {}),
    (jobs.soon_forgotten, (), {}),
    (jobs.described, (), {}),
    (jobs.endless, (), {}),
    (jobs.Desk.sort, (), {}),
]


def fired(redis: redis_py.Redis, function: Callable[..., Any], args: tuple, kwargs: dict) -> Leader:
    clock = Clock()
    clock.every("second", name="tick").enqueue(function, *args, **kwargs)
    leader = Leader(redis, clock).lead()
    assert leader.fire(leader.entry(1))[0].decision == "enqueued"
    return leader


def by_rq(redis: redis_py.Redis, function: Callable[..., Any], args: tuple, kwargs: dict) -> Any:
    options = options_of(function)
    queue = Queue(options.queue, connection=redis, job_class=Job, serializer=JobSerializer)
    return queue.enqueue_call(path_of(function), args, kwargs, job_id="by-rq", **options.for_create_job())


@pytest.mark.parametrize(("function", "args", "kwargs"), KINDS, ids=[path_of(kind[0]) for kind in KINDS])
def test_a_fired_job_equals_one_of_queue_enqueue_field_by_field(
    redis: redis_py.Redis, function: Callable[..., Any], args: tuple, kwargs: dict
) -> None:
    leader = fired(redis, function, args, kwargs)
    [ours] = leader.queued(options_of(function).queue)
    theirs = by_rq(redis, function, args, kwargs)
    mine: Any
    rqs: Any
    mine, rqs = (redis.hgetall(f"rq:job:{job}") for job in (ours, theirs.id))
    assert set(mine) - set(rqs) <= OURS
    for name in rqs:
        if name in OF_THE_MOMENT:
            assert len(mine[name]) == len(rqs[name]), name
        elif name == b"data":
            assert zlib.decompress(mine[name]) == zlib.decompress(rqs[name])
        else:
            assert mine[name] == rqs[name], name
    assert redis.lrange(f"rq:queue:{options_of(function).queue}", 0, -1) == [ours.encode(), theirs.id.encode()]
    assert abs(redis.ttl(f"rq:job:{ours}") - redis.ttl(f"rq:job:{theirs.id}")) <= 60  # a busy machine lies between them


def test_the_times_of_a_fired_job_are_those_of_redis_as_rq_writes_them(redis: redis_py.Redis) -> None:
    leader = fired(redis, jobs.plain, (), {})
    job = Job.fetch(leader.queued()[0], connection=redis)
    assert {when and when.timestamp() for when in (job.created_at, job.enqueued_at)} == {leader.time.now}
    assert redis.hget(job.key, "scheduled_for") == str(int(leader.time.now) + 1).encode()


def test_two_ticks_of_one_schedule_are_two_jobs_that_share_no_field(redis: redis_py.Redis) -> None:
    leader = fired(redis, jobs.plain, (), {})
    leader.fire(leader.entry(2))
    first, second = leader.queued()
    redis.hset(f"rq:job:{first}", "status", "started")
    assert redis.hget(f"rq:job:{second}", "status") == b"queued"


def test_a_job_with_a_ttl_lives_that_long_and_one_without_for_ever(redis: redis_py.Redis) -> None:
    leader = fired(redis, jobs.short_lived, (), {})
    assert 3590 <= redis.ttl(f"rq:job:{leader.queued()[0]}") <= 3600
    redis.flushall()
    leader = fired(redis, jobs.plain, (), {})
    assert redis.ttl(f"rq:job:{leader.queued()[0]}") == -1


def test_a_fired_job_runs_and_returns_what_its_function_returns(redis: redis_py.Redis) -> None:
    leader = fired(redis, jobs.add, (1,), {"b": 2})
    job = Job.fetch(leader.queued()[0], connection=redis)
    leader.work()
    assert job.return_value() == 3


def test_a_key_prefix_of_rq_scopes_our_keys_and_rqs(redis: redis_py.Redis) -> None:
    from rqclock.store.keys import Keys

    assert Keys("team", "default").named("lease") == "team:clock:default:lease"
    assert Keys("team", "default").job("x") == "team:job:x"
