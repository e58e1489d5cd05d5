"""Jobs that lie in Redis: recurring ones of rq-scheduler, pickles, quarantined ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis as redis_py
from rq import Queue
from rq_scheduler import Scheduler

from rqclock import Job
from rqclock.doctor import entry
from tests.integration.doctor.conftest import Doctor
from tests.support import jobs
from tests.support.command import runner
from tests.support.server import Server

SOON = datetime.now(UTC) + timedelta(days=1)


def test_every_recurring_entry_is_told_with_the_line_that_replaces_it(doctor: Doctor, redis: redis_py.Redis) -> None:
    scheduler = Scheduler(connection=redis)
    scheduler.schedule(SOON, jobs.add, args=[1], kwargs={"b": 2}, interval=600, queue_name="low")
    scheduler.cron("30 4 * * 1", jobs.plain, use_local_timezone=False)
    scheduler.enqueue_at(SOON, jobs.plain)
    check = doctor().one("rq-scheduler", "warning")
    assert check.what == "2 recurring entries that the clock leaves alone"
    assert check.paste[0] == "from tests.support import jobs"
    assert 'clock.every("10 minutes").enqueue(jobs.add, 1, b=2)' in check.paste
    assert '# queue low: @job(queue="low") above the function' in check.paste
    assert any(line.startswith('clock.cron("30 4 * * 1"') for line in check.paste)


def test_entries_under_rqs_own_prefix_are_found_whatever_ours_is(doctor: Doctor, redis: redis_py.Redis) -> None:
    Scheduler(connection=redis).schedule(SOON, jobs.plain, interval=60)
    assert doctor(RQ_KEY_PREFIX="mine").one("rq-scheduler", "warning")


def test_looking_at_entries_changes_nothing(redis: redis_py.Redis) -> None:
    Scheduler(connection=redis).schedule(SOON, jobs.plain, interval=60)
    before = {key: redis.dump(key) for key in redis.scan_iter()}
    assert len(entry.read(redis, ("rq",))) == 1
    assert {key: redis.dump(key) for key in redis.scan_iter()} == before


def test_pickled_jobs_that_wait_are_counted_by_queue(doctor: Doctor, redis: redis_py.Redis) -> None:
    for _ in range(2):
        Queue("old", connection=redis).enqueue(jobs.plain)
    Queue("new", connection=redis, job_class=Job).enqueue(jobs.plain)
    assert doctor().of("pickles") == [("warning", "jobs that wait are pickled (old: 2 of the first 2)")]
    assert "whoever can write" in doctor(RQCLOCK_ALLOW_PICKLE="1").one("pickles", "warning").why


def test_quarantined_jobs_are_told_with_their_reason(doctor: Doctor, redis: redis_py.Redis) -> None:
    redis.hset("rq:quarantine", "j1", json.dumps({"queue": "default", "reason": "no date", "worker": "w", "at": ""}))
    assert doctor().of("quarantine") == [("warning", "1 job that no worker could read (j1: no date)")]


def test_a_queue_that_is_no_list_is_no_crash(doctor: Doctor, redis: redis_py.Redis) -> None:
    redis.sadd("rq:queues", "rq:queue:odd")
    redis.set("rq:queue:odd", "text")
    redis.set("rq:workers", "text")
    found = doctor()
    assert found.of("queues") == [("failure", "rq:queue:odd is no list")]
    assert found.of("pickles") == [("ok", "none among the jobs that wait")]
    assert found.of("processes")[0][0] == "cannot tell"


def test_the_command_says_it_as_json_with_its_exit_code(
    folder: Path,
    redis: redis_py.Redis,
    redis_server: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_server.url)
    rqclock = runner(monkeypatch, capsys)
    whole, release = rqclock("doctor", "--json"), rqclock("doctor", "--json", "--before-deploy")
    assert (whole.code, whole.json["exit_code"], whole.json["before_deploy"]) == (2, 2, False)
    assert (release.code, release.json["before_deploy"]) == (0, True)
    assert {check["name"] for check in whole.json["checks"]} - {check["name"] for check in release.json["checks"]} == {
        "clock",
        "workers",
    }
