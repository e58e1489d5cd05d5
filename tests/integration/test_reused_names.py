"""A name that another schedule has now: the jobs that were queued under it before stay those of the first one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis as redis_py
from rq import Queue
from rq.registry import FailedJobRegistry

from rqclock import Clock
from rqclock.acts.activity import By
from rqclock.acts.failed import REQUEUE, FailedJobs, Filter
from rqclock.aftercare.outcomes import Outcomes
from rqclock.store.keys import Keys
from rqclock.store.names import Names
from rqclock.store.of_jobs import read_runs
from rqclock.store.replies import text
from rqclock.timetable.schedules import Timetable
from rqclock.views.history import read_history
from tests.support import jobs
from tests.support.leader import BEGAN, Leader
from tests.support.world import World

KEYS = Keys("rq", "default")
BY = By("Ann", "the register is back", "a test")


def timetable(*names: str, **renamed: str) -> Timetable:
    clock = Clock(late_ok=60)
    for name in names:
        clock.every("1 second", name=name).enqueue(jobs.plain)
    for name, before in renamed.items():
        clock.every("1 second", name=name, renamed_from=before).enqueue(jobs.plain)
    return clock.timetable()


Deploy = Callable[[Timetable, int], Leader]


@pytest.fixture
def deploy(redis: redis_py.Redis) -> Deploy:
    """A new version of the timetable leads for so many seconds."""
    before: list[Leader] = []

    def lead(new: Timetable, seconds: int) -> Leader:
        leader = Leader(redis, new, before[-1].time if before else None)
        leader.lead().step(seconds)
        before.append(leader)
        return leader

    return lead


def ids(redis: redis_py.Redis) -> list[str]:
    return [text(job) for job in redis.lrange("rq:queue:default", 0, -1)]


def statuses(redis: redis_py.Redis, name: str) -> list[str | None]:
    """Of the schedule's runs, oldest first."""
    schedule = next(one for one in timetable("daily", "weekly", "monthly").schedules if one.name == name)
    return [run.status for run in reversed(read_history(redis, KEYS, schedule, 100)) if run.decision == "enqueued"]


@pytest.fixture
def reused(redis: redis_py.Redis, deploy: Deploy) -> list[str]:
    """`daily` was called `weekly`, and another schedule `daily` came: two jobs of each time, in order."""
    deploy(timetable("daily"), 2)
    deploy(timetable(weekly="daily"), 2)
    deploy(timetable("weekly", "daily"), 2)
    return sorted(ids(redis), key=lambda job: job.split("_")[1])


def test_the_end_of_a_job_is_that_of_the_schedule_which_queued_it(redis: redis_py.Redis, reused: list[str]) -> None:
    first = next(job for job in reused if job.startswith("daily_"))
    redis.hset(f"rq:job:{first}", mapping={"status": "finished"})
    Outcomes(redis, KEYS).step(0)
    redis.delete(f"rq:job:{first}")
    assert statuses(redis, "weekly") == ["finished", *["queued"] * 5]
    assert statuses(redis, "daily") == ["queued"] * 2
    assert redis.hlen(KEYS.of("outcomes", "daily")) == 0


def test_a_failed_job_is_found_and_queued_again_as_its_own_schedule_s(redis: redis_py.Redis, reused: list[str]) -> None:
    first = next(job for job in reused if job.startswith("daily_"))
    redis.lrem("rq:queue:default", 0, first)
    redis.hset(f"rq:job:{first}", mapping={"status": "failed"})
    redis.zadd(FailedJobRegistry(queue=Queue("default", connection=redis)).key, {first: 9e9})
    Outcomes(redis, KEYS).step(0)
    assert statuses(redis, "weekly")[0] == "failed"

    failed = FailedJobs(redis, KEYS)
    assert list(failed.find(Filter(schedule="daily"))) == []
    wanted = Filter(schedule="weekly")
    assert failed.act(REQUEUE, list(failed.find(wanted)), BY, wanted)["done"] == 1
    assert statuses(redis, "weekly")[0] == "queued"
    assert redis.hlen(KEYS.of("outcomes", "daily")) == 0


def test_the_audit_of_the_queue_takes_each_job_for_its_own_schedule_s(redis: redis_py.Redis) -> None:
    world = World(redis)
    world.on(30).deploy(new={"period": "10 seconds", "renamed_from": "tick"}).on(20)
    world.deploy(new={"period": "10 seconds"}, tick={"period": "10 seconds"}).on(20)
    assert [finding for finding in world.findings() if finding.is_difference] == []
    redis.rpush("rq:queue:default", world.keys.job_id("tick", BEGAN + 20))
    redis.rpush("rq:queue:default", world.keys.job_id("tick", BEGAN + 60))
    found = [(finding.kind, finding.schedule) for finding in world.findings() if finding.is_difference]
    assert found == [("twice", "new"), ("twice", "tick")]


def test_a_name_that_was_given_away_twice_leads_to_both(redis: redis_py.Redis, deploy: Deploy) -> None:
    deploy(timetable("daily"), 1)
    deploy(timetable(weekly="daily"), 1)
    deploy(timetable("weekly", "daily"), 1)
    deploy(timetable("weekly", monthly="daily"), 1)
    deploy(timetable("weekly", "monthly", "daily"), 1)
    queued = sorted(job for job in ids(redis) if job.startswith("daily_"))
    runs = read_runs(redis, KEYS, queued)
    assert [run and run.slug for run in runs] == ["weekly", "monthly", "daily"]
    assert read_runs(redis, KEYS, ["other", "clock_daily_20261123T080000Z"]) == [None, None]


@pytest.mark.parametrize("again", [timetable("monthly", "weekly"), timetable("monthly", weekly="hourly")])
def test_a_name_amid_a_chain_that_is_used_again_leads_nobody_to_a_stranger(
    redis: redis_py.Redis, deploy: Deploy, again: Timetable
) -> None:
    deploy(timetable("daily", "hourly"), 1)
    deploy(timetable("hourly", weekly="daily"), 1)
    deploy(timetable("hourly", monthly="weekly"), 1)
    deploy(again, 1)
    (first,) = [job for job in ids(redis) if job.startswith("daily_")]
    redis.lrem("rq:queue:default", 0, first)
    redis.hset(f"rq:job:{first}", mapping={"status": "failed"})
    redis.zadd(FailedJobRegistry(queue=Queue("default", connection=redis)).key, {first: 9e9})
    Outcomes(redis, KEYS).step(0)
    assert statuses(redis, "monthly")[0] == "failed"
    assert [run and run.slug for run in read_runs(redis, KEYS, [first])] == ["monthly"]
    assert Names.read(redis, KEYS).today("daily") == "monthly"
    failed = FailedJobs(redis, KEYS)
    found = {
        name: [job.job_id for job in failed.find(Filter(schedule=name))] for name in ("weekly", "monthly", "daily")
    }
    assert found == {"weekly": [], "monthly": [first], "daily": [first]}


def test_a_name_taken_back_by_its_own_schedule_is_that_schedule_s(redis: redis_py.Redis, deploy: Deploy) -> None:
    deploy(timetable("daily"), 1)
    deploy(timetable(weekly="daily"), 1)
    deploy(timetable("daily"), 1)
    runs = read_runs(redis, KEYS, ids(redis))
    assert [run and run.slug for run in runs] == ["daily"] * 3
    assert statuses(redis, "daily") == ["queued"] * 3


def test_of_a_run_that_no_ledger_has_any_more_the_name_decides(redis: redis_py.Redis, reused: list[str]) -> None:
    first = next(job for job in reused if job.startswith("daily_"))
    redis.delete(KEYS.of("ledger", "weekly"), KEYS.of("ledger", "daily"))
    assert [run and run.slug for run in read_runs(redis, KEYS, [first])] == ["daily"]
