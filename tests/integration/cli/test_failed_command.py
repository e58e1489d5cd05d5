"""`rqclock failed`: what failed for good is listed, queued again or discarded; nobody does it to many by mistake."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import redis as redis_py
from rq import Queue, SimpleWorker

from rqclock import Job
from rqclock.acts import activity
from rqclock.jobs.serializer import JobSerializer
from rqclock.store.replies import text
from rqclock.store.ticks import iso
from rqclock.views.history import read_history
from tests.support import jobs
from tests.support.command import Rqclock
from tests.support.leader import Leader


@pytest.fixture
def failures(leader: Leader, redis: redis_py.Redis) -> Leader:
    """Two failed runs of `broken`, and one failed job of an application on the queue mail."""
    leader.step(2)
    leader.work()
    mail = Queue("mail", connection=redis, job_class=Job, serializer=JobSerializer)
    mail.enqueue(jobs.fail, job_id="letter", description="a letter")
    SimpleWorker(["mail"], connection=redis, job_class=Job).work(burst=True, logging_level="CRITICAL")
    return leader


def failed(redis: redis_py.Redis, queue: str = "default") -> list[str]:
    return [text(job) for job in redis.zrange(f"rq:failed:{queue}", 0, -1)]


def queued(redis: redis_py.Redis, queue: str = "default") -> list[str]:
    return [text(job) for job in redis.lrange(f"rq:queue:{queue}", 0, -1)]


def entries(redis: redis_py.Redis, leader: Leader) -> list[Any]:
    return list(activity.read(redis, leader.keys))


def test_the_list_shows_queue_schedule_and_the_line_that_says_why(rqclock: Rqclock, failures: Leader) -> None:
    shown = rqclock("failed", "list")
    assert shown.code == 1
    for word in ("broken", "mail", "a letter", "ValueError: the door is shut"):
        assert word in shown.out


def test_the_list_for_programs(rqclock: Rqclock, failures: Leader) -> None:
    lines = [json.loads(line) for line in rqclock("failed", "list", "--queue", "mail", "--json").out.splitlines()]
    [found] = lines
    assert (found["job_id"], found["schedule"], found["error"]) == ("letter", "", "ValueError: the door is shut")
    assert found["failed_at"].endswith("Z")


def test_nothing_failed_is_said_and_is_no_error(rqclock: Rqclock, leader: Leader) -> None:
    shown = rqclock("failed", "list")
    assert (shown.code, shown.out) == (0, "no job has failed for good\n")


def test_one_job_is_queued_again_under_its_id_and_its_run_is_open(
    rqclock: Rqclock, failures: Leader, redis: redis_py.Redis
) -> None:
    before = queued(redis)
    job_id = failed(redis)[0]
    assert rqclock("failed", "requeue", job_id, "--by", "Ann", "--reason", "the door is open").code == 0
    assert queued(redis) == [*before, job_id]
    assert job_id not in failed(redis)
    runs = read_history(redis, failures.keys, failures.schedule("broken"), 10)
    assert [run.status for run in runs if run.job_id == job_id] == ["queued"]
    [entry] = entries(redis, failures)
    assert (entry.what, entry.who, entry.why) == ("requeued failed jobs", "Ann", "the door is open")
    assert entry.detail == {"jobs": 1, "of": "those named"}


def test_a_run_that_was_queued_again_keeps_its_attempts_and_counts_on(
    rqclock: Rqclock, failures: Leader, redis: redis_py.Redis
) -> None:
    job_id = failed(redis)[0]
    for number in (2, 3):
        assert rqclock("failed", "requeue", job_id).code == 0
        shown = next(run for run in rqclock("history", "broken", "--json").lines if run["job_id"] == job_id)
        assert (shown["status"], shown["attempt"], len(shown["attempts"])) == ("queued", number, number - 1)
        failures.work()
    run = next(
        run for run in read_history(redis, failures.keys, failures.schedule("broken"), 10) if run.job_id == job_id
    )
    assert (run.status, run.attempt) == ("failed", 3)
    assert [(one["attempt"], one["is"]) for one in run.attempts] == [(1, "failed"), (2, "failed")]
    assert all(one["started"] <= one["ended"] and one["worker"] for one in run.attempts)
    assert redis.hlen(failures.keys.of("attempts", "broken")) == 0


def test_many_are_not_touched_where_nobody_can_be_asked(
    rqclock: Rqclock, failures: Leader, redis: redis_py.Redis
) -> None:
    before = failed(redis)
    shown = rqclock("failed", "discard", "--schedule", "broken")
    assert shown.code == 2
    assert "would discard 2 jobs (schedule broken): say --yes" in shown.err
    assert failed(redis) == before


def test_those_of_a_schedule_are_queued_again(rqclock: Rqclock, failures: Leader, redis: redis_py.Redis) -> None:
    shown = rqclock("failed", "requeue", "--schedule", "broken", "--yes")
    assert "2 of 2 failed jobs queued again" in shown.out
    assert (failed(redis), failed(redis, "mail")) == ([], ["letter"])
    assert entries(redis, failures)[0].schedule == "broken"


def test_discarded_jobs_are_gone_and_the_history_stays(
    rqclock: Rqclock, failures: Leader, redis: redis_py.Redis
) -> None:
    ids = failed(redis)
    assert rqclock("failed", "discard", "--all", "--yes", "--json").json == {"found": 3, "unknown": [], "done": 3}
    assert [redis.exists(f"rq:job:{job}", f"rq:results:{job}") for job in [*ids, "letter"]] == [0, 0, 0]
    runs = read_history(redis, failures.keys, failures.schedule("broken"), 10)
    assert {run.status for run in runs} == {"failed"}


def test_younger_ones_are_left_alone(rqclock: Rqclock, failures: Leader, redis: redis_py.Redis) -> None:
    shown = rqclock("failed", "discard", "--older-than", "1 hour", "--yes")
    assert shown.code == 1
    assert len(failed(redis)) == 2


def test_an_id_that_has_not_failed_is_named_and_the_others_are_done(
    rqclock: Rqclock, failures: Leader, redis: redis_py.Redis
) -> None:
    shown = rqclock("failed", "discard", "letter", "nosuch", "--yes")
    assert (shown.code, shown.out) == (1, "1 of 2 failed jobs discarded\n")
    assert "nosuch: no job of that id has failed for good" in shown.err
    assert rqclock("failed", "requeue", "nosuch", "--json").json == {"found": 0, "unknown": ["nosuch"]}
    assert failed(redis, "mail") == []


def test_a_queue_that_nobody_knows_is_refused_with_the_nearest(rqclock: Rqclock, failures: Leader) -> None:
    for command in (["list"], ["discard", "--yes"]):
        shown = rqclock("failed", *command, "--queue", "mial")
        assert (shown.code, shown.out) == (2, "")
        assert "there is no queue 'mial'; did you mean \"mail\"?" in shown.err


def test_a_queue_without_failures_is_no_error_whoever_knows_it(
    rqclock: Rqclock, leader: Leader, redis: redis_py.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RQCLOCK_QUEUES", "of-a-worker")
    redis.sadd("rq:queues", "rq:queue:of-rq")
    for queue in ("default", "of-a-worker", "of-rq"):
        assert rqclock("failed", "list", "--queue", queue).code == 0


def test_who_acts_on_all_is_told_that_other_clocks_share_the_queues(
    rqclock: Rqclock, failures: Leader, redis: redis_py.Redis
) -> None:
    redis.sadd("rq:clocks", "another", "one more")
    also = "; also those of the Clocks another, one more"
    assert f"discard 3 jobs (all{also})" in rqclock("failed", "discard", "--all").err
    assert f"(older ones{also})" in rqclock("failed", "requeue", "--older-than", iso(time.time() + 60)).err
    assert also not in rqclock("failed", "discard", "--schedule", "broken").err


@pytest.mark.parametrize("arguments", [(), ("--all", "--queue", "mail")])
def test_one_must_say_which(rqclock: Rqclock, failures: Leader, arguments: tuple[str, ...]) -> None:
    shown = rqclock("failed", "requeue", *arguments)
    assert shown.code == 2
    assert "say which" in shown.err


def test_a_job_that_is_run_again_meanwhile_is_not_queued_twice(
    rqclock: Rqclock, failures: Leader, redis: redis_py.Redis
) -> None:
    Queue("mail", connection=redis).failed_job_registry.requeue(Job.fetch("letter", connection=redis))
    redis.zadd("rq:failed:mail", {"letter": 1e12})
    assert rqclock("failed", "requeue", "letter").code == 1
    assert queued(redis, "mail") == ["letter"]
