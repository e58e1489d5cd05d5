"""`rqclock quarantine`: what no worker could read is listed with its reason, and discarded."""

from __future__ import annotations

import pytest
import redis as redis_py
from rq import Queue

from rqclock import Job, Worker
from rqclock.acts import activity
from tests.support import jobs
from tests.support.command import Rqclock
from tests.support.leader import Leader
from tests.support.server import Server

STRANGE = b"\xff\xfe"


@pytest.fixture
def poison(leader: Leader, redis: redis_py.Redis, redis_server: Server) -> Leader:
    """A job with a bad date, one whose key holds a text, one whose id is no text; a worker has put them aside."""
    queue = Queue("mail", connection=redis, job_class=Job)
    for name in ("late", "wrong", "strange"):
        queue.enqueue(jobs.plain, job_id=name)
    redis.hset("rq:job:late", "created_at", "yesterday")
    redis.delete("rq:job:wrong")
    redis.set("rq:job:wrong", "x")
    redis.rename("rq:job:strange", b"rq:job:" + STRANGE)
    redis.execute_command("LSET", "rq:queue:mail", 2, STRANGE)
    Worker(["mail"], connection=redis_server.client()).work(burst=True, logging_level="CRITICAL")
    return leader


def test_the_list_says_which_and_why(poison: Leader, rqclock: Rqclock) -> None:
    shown = rqclock("quarantine", "list")
    assert shown.code == 1
    for word in ("late", "ValueError", "wrong", "its key in Redis is not a hash", "\\xff\\xfe", "mail"):
        assert word in shown.out
    found = {line["job_id"]: line for line in rqclock("quarantine", "list", "--json").lines}
    assert set(found) == {"late", "wrong", "\\xff\\xfe"}
    assert (found["wrong"]["queue"], found["wrong"]["at"][-1]) == ("mail", "Z") and found["wrong"]["worker"]


def test_nothing_put_aside_is_said_and_is_no_error(leader: Leader, rqclock: Rqclock) -> None:
    shown = rqclock("quarantine", "list")
    assert (shown.code, shown.out) == (0, "no job was put aside\n")


def test_one_is_discarded_with_all_that_belongs_to_it(poison: Leader, rqclock: Rqclock, redis: redis_py.Redis) -> None:
    assert rqclock("quarantine", "discard", "late", "--by", "Ann").out == "1 of 1 quarantined jobs discarded\n"
    assert not redis.exists("rq:job:late", "rq:results:late") and redis.zscore("rq:failed:mail", "late") is None
    assert set(redis.hkeys("rq:quarantine")) == {b"wrong", STRANGE}
    [entry] = activity.read(redis, poison.keys)
    assert (entry.what, entry.who, entry.detail) == ("discarded quarantined jobs", "Ann", {"jobs": 1})


def test_an_id_that_was_not_put_aside_is_named(poison: Leader, rqclock: Rqclock) -> None:
    shown = rqclock("quarantine", "discard", "late", "nosuch", "--yes")
    assert (shown.code, shown.out) == (1, "1 of 2 quarantined jobs discarded\n")
    assert "nosuch: no job of that id was put aside" in shown.err


def test_all_are_discarded_only_when_that_was_said(poison: Leader, rqclock: Rqclock, redis: redis_py.Redis) -> None:
    assert rqclock("quarantine", "discard").code == 2
    assert "say --yes" in rqclock("quarantine", "discard", "--all").err
    assert rqclock("quarantine", "discard", "--all", "--yes", "--json").json == {"found": 3, "unknown": [], "done": 3}
    assert not redis.exists("rq:quarantine", "rq:job:wrong", b"rq:job:" + STRANGE)


def test_one_that_was_repaired_and_queued_again_is_quarantined_no_more(
    poison: Leader, rqclock: Rqclock, redis: redis_py.Redis
) -> None:
    redis.hset("rq:job:late", "created_at", "2027-01-01T00:00:00.000000Z")
    assert rqclock("failed", "requeue", "late").code == 0
    assert not redis.hexists("rq:quarantine", "late")


def test_an_entry_of_a_job_that_lives_again_goes_alone(poison: Leader, rqclock: Rqclock, redis: redis_py.Redis) -> None:
    redis.hset("rq:job:late", "status", "queued")
    assert "1 had been queued again and stay" in rqclock("quarantine", "discard", "late").out
    assert redis.exists("rq:job:late") and not redis.hexists("rq:quarantine", "late")


def test_an_entry_that_somebody_else_wrote_is_shown(leader: Leader, rqclock: Rqclock, redis: redis_py.Redis) -> None:
    redis.hset("rq:quarantine", mapping={"list": "[]", "text": "no json", "time": '{"at": 5}'})
    assert {line["job_id"] for line in rqclock("quarantine", "list", "--json").lines} == {"list", "text", "time"}
    assert rqclock("quarantine", "discard", "--all", "--yes").code == 0
