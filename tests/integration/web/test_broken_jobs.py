"""One broken record must not take the page of all others along."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import pytest
import redis as redis_py
from rq import Queue

from rqclock import Job
from tests.integration.web.conftest import As

PAGE = "/rq/0/data/jobs/default/queued/200/asc/1.json"


@pytest.fixture(autouse=True)
def a_good_job(redis: redis_py.Redis) -> None:
    Queue("default", connection=redis, job_class=Job).enqueue("tests.integration.web.chores.sweep", job_id="good")


def broken_jobs(redis: redis_py.Redis) -> None:
    good = zlib.compress(json.dumps(["a.b", None, [], {}]).encode())
    records: dict[str, dict[Any, Any]] = {
        "no-status": {"data": good},
        "strange-status": {"data": good, "status": "exploded"},
        "no-data": {"status": "queued"},
        "bad-times": {"data": good, "status": "queued", "created_at": "yesterday", "started_at": b"\xff\xfe"},
        "bytes-everywhere": {"data": b"\xff\x00", "status": b"\xff", "origin": b"\xff", "description": b"\xff\xfe"},
        "deep-json": {"data": zlib.compress(b"[" * 60_000), "status": "queued"},
        "long-text": {"data": good, "status": "queued", "description": "x" * 1_000_000},
        "gigabyte-in-a-kilobyte": {"data": zlib.compress(b'["a.b",' + b" " * 50_000_000), "status": "queued"},
    }
    for id, record in records.items():
        redis.hset(f"rq:job:{id}", mapping=record)
        redis.rpush("rq:queue:default", id)
    redis.set("rq:job:not-a-hash", "text")
    redis.rpush("rq:queue:default", "not-a-hash", "gone", b"\xff\xfe")
    redis.set("rq:results:bad-times", "not a stream")
    bomb = base64.b64encode(zlib.compress(b"x" * 50_000_000))
    redis.xadd("rq:results:no-status", {"type": 2, "exc_string": bomb})
    redis.xadd("rq:results:strange-status", {"type": 2, "exc_string": b"\xff not base64"})


def test_the_list_shows_the_good_ones_whatever_lies_among_them(as_: As, redis: redis_py.Redis) -> None:
    broken_jobs(redis)
    answer = as_("support").get(PAGE)
    assert answer.status_code == 200 and answer.json
    rows = {row["id"]: row for row in answer.json["jobs"]}
    assert rows["good"]["description"] == "tests.integration.web.chores.sweep"
    assert "no-data" not in rows and "gone" not in rows and "not-a-hash" not in rows
    assert len(answer.data) < 1_000_000  # nothing was unpacked or sent whole


def test_each_broken_job_has_a_page(as_: As, redis: redis_py.Redis) -> None:
    broken_jobs(redis)
    for id in ("no-status", "strange-status", "bad-times", "bytes-everywhere", "deep-json", "long-text"):
        assert as_("support").get(f"/rq/0/view/job/{id}").status_code == 200, id
    for id in ("gone", "no-data", "not-a-hash"):
        answer = as_("support").get(f"/rq/0/view/job/{id}")
        assert answer.status_code == 404 and "no longer in Redis" in answer.text


def test_large_arguments_are_left_in_redis(as_: As, redis: redis_py.Redis) -> None:
    data = zlib.compress(json.dumps(["a.b", None, ["secret"], {}]).encode(), level=0) + b" " * 200_000
    redis.hset("rq:job:large", mapping={"data": data, "status": "queued", "origin": "default"})
    redis.config_resetstat()
    answer = as_("support").get("/rq/0/view/job/large")
    assert answer.status_code == 200
    sent = int(redis.info("stats")["total_net_output_bytes"])
    assert sent < 100_000


def test_looking_at_a_queue_changes_nothing_in_it(as_: As, redis: redis_py.Redis) -> None:
    """RQ's own fetch removes an id whose job is gone; a person who only looks must not change what others see."""
    broken_jobs(redis)
    before = redis.lrange("rq:queue:default", 0, -1)
    as_("viewer").get(PAGE)
    as_("viewer").get("/rq/0/view/job/gone")
    assert redis.lrange("rq:queue:default", 0, -1) == before


def test_a_broken_worker_does_not_hide_the_others(as_: As, redis: redis_py.Redis) -> None:
    redis.sadd("rq:workers", "rq:worker:good", "rq:worker:bad", "rq:worker:gone", b"rq:worker:\xff")
    redis.hset("rq:worker:good", mapping={"state": "busy", "queues": "default,mail"})
    redis.sadd("rq:worker:good:executions", "good:attempt")
    redis.set("rq:worker:bad", "text")
    answer = as_("support").get("/rq/0/data/workers.json")
    assert answer.json and [worker["name"] for worker in answer.json["workers"]] == ["good"]
    assert answer.json["workers"][0]["current_job"]["job_id"] == "good"


def test_lists_come_in_the_order_and_pages_asked_for(as_: As, redis: redis_py.Redis) -> None:
    queue = Queue("paged", connection=redis, job_class=Job)
    for number in range(1, 8):
        queue.enqueue("a.b", job_id=f"n{number}")

    def ids(order: str, page: int) -> list[str]:
        answer = as_("viewer").get(f"/rq/0/data/jobs/paged/queued/3/{order}/{page}.json")
        assert answer.json
        return [row["id"] for row in answer.json["jobs"]]

    assert [ids("asc", page) for page in (1, 2, 3, 4)] == [["n1", "n2", "n3"], ["n4", "n5", "n6"], ["n7"], []]
    assert [ids("dsc", page) for page in (1, 2, 3, 4)] == [["n7", "n6", "n5"], ["n4", "n3", "n2"], ["n1"], []]
