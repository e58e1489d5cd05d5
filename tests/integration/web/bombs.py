"""Jobs as somebody would write them into Redis who wants code to run in whatever reads them."""

from __future__ import annotations

import base64
import json
import pickle
import zlib
from pathlib import Path
from typing import Any

import redis as redis_py

NOW = "2026-11-23T10:35:00.000000Z"
SCRIPT = "<img src=x onerror=alert(document.domain)>"


class Bomb:
    """Unpickled, it leaves a file behind."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (Path.touch, (self.mark,))


def plant(redis: redis_py.Redis, marks: Path) -> list[str]:
    """Jobs with a pickle in each field that RQ keeps one in, in every state and on a worker; their ids."""
    ids = []
    for field in ("data", "meta", "result", "return_value", "everything"):
        for state in ("queued", "failed", "finished", "started", "deferred", "scheduled", "canceled"):
            id = f"bomb-{field.replace('_', '-')}-{state}"
            _job(redis, id, state=state, field=field, marks=marks)
            ids.append(id)
    _worker(redis, "bomb-everything-started")
    return ids


def _bomb(marks: Path, name: str) -> bytes:
    return pickle.dumps(Bomb(marks / name))


def _job(redis: redis_py.Redis, id: str, *, state: str, field: str, marks: Path) -> None:
    bombed = ("data", "meta", "result", "return_value") if field == "everything" else (field,)
    good = json.dumps(["tests.integration.web.chores.sweep", None, [], {}]).encode()
    hash_: dict[Any, Any] = {
        "status": state,
        "origin": "default",
        "description": SCRIPT,
        "created_at": NOW,
        "enqueued_at": NOW,
        "started_at": NOW,
        "ended_at": NOW,
        "worker_name": SCRIPT,
        "data": zlib.compress(_bomb(marks, f"{id}-data") if "data" in bombed else good),
        "success_callback_name": "this.success",  # importing it prints a poem, so the marks are not alone
        "failure_callback_name": "this.failure",
        "stopped_callback_name": "this.stopped",
        "webhooks": _bomb(marks, f"{id}-webhooks"),
    }
    for name in ("meta", "result"):
        if name in bombed:
            hash_[name] = _bomb(marks, f"{id}-{name}")
    redis.hset(f"rq:job:{id}", mapping=hash_)
    _result(redis, id, value=_bomb(marks, f"{id}-value") if "return_value" in bombed else b'"fine"')
    _list(redis, id, state)


def _result(redis: redis_py.Redis, id: str, *, value: bytes) -> None:
    entry: dict[Any, Any] = {
        "type": 1,
        "worker_name": SCRIPT,
        "return_value": base64.b64encode(value),
        "exc_string": base64.b64encode(zlib.compress(f"Traceback\n{SCRIPT}".encode())),
    }
    redis.xadd(f"rq:results:{id}", entry)


def _list(redis: redis_py.Redis, id: str, state: str) -> None:
    redis.sadd("rq:queues", "rq:queue:default", f"rq:queue:{SCRIPT}")
    if state == "queued":
        redis.rpush("rq:queue:default", id)
    else:
        name = {"started": "wip"}.get(state, state)
        redis.zadd(f"rq:{name}:default", {f"{id}:attempt" if state == "started" else id: 4_000_000_000})


def _worker(redis: redis_py.Redis, job: str) -> None:
    for name in ("one", SCRIPT):
        redis.sadd("rq:workers", f"rq:worker:{name}")
        facts: dict[Any, Any] = {
            "state": "busy",
            "queues": f"default,{SCRIPT}",
            "birth": NOW,
            "last_heartbeat": NOW,
            "version": SCRIPT,
        }
        redis.hset(f"rq:worker:{name}", mapping=facts)
        redis.sadd(f"rq:worker:{name}:executions", f"{job}:attempt")
        moment: dict[Any, Any] = {"job_id": job, "created_at": 1, "last_heartbeat": 1, "worker_name": name}
        redis.hset(f"rq:execution:{job}:attempt", mapping=moment)
