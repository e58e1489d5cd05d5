"""Rules on jobs that lie in Redis: those that nobody could read, and those that our workers would refuse."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Any

import redis

from rqclock.doctor.check import Check, failure, ok, warning
from rqclock.jobs.serializer import PICKLE_PROTOCOL_MARK
from rqclock.settings import Settings
from rqclock.store.replies import text

SHOWN = 3
LOOKED_AT = 200  # jobs of a queue


def quarantined(connection: redis.Redis, prefix: str) -> Check:
    """Raises redis.RedisError."""
    key = f"{prefix}:quarantine"
    count = connection.hlen(key)
    if not count:
        return ok("quarantine", "empty")
    found: Any = connection.hscan(key, count=SHOWN)[1]
    shown = "; ".join(f"{text(name)}: {_reason(entry)}" for name, entry in list(found.items())[:SHOWN])
    return warning(
        "quarantine",
        f"{count} {'job' if count == 1 else 'jobs'} that no worker could read ({shown})",
        why="they have not run, and will not by themselves",
        remedy="rqclock quarantine list; queue them anew where they came from, then rqclock quarantine discard",
    )


def _reason(entry: bytes) -> str:
    try:
        return str(json.loads(entry).get("reason", ""))[:80]
    except (ValueError, AttributeError):
        return "no reason is written"


def queues(connection: redis.Redis, prefix: str) -> Iterator[Check]:
    """Queues whose key holds something else than a list. Raises redis.RedisError."""
    keys = sorted(text(key) for key in connection.smembers(f"{prefix}:queues"))
    pipeline = connection.pipeline(transaction=False)
    for key in keys:
        pipeline.type(key)
    kinds = pipeline.execute(raise_on_error=False) if keys else []
    wrong = [key for key, kind in zip(keys, kinds, strict=True) if kind not in (b"list", b"none")]
    if wrong:
        yield failure(
            "queues",
            f"{', '.join(wrong)} {'is' if len(wrong) == 1 else 'are'} no list",
            why="nothing can be queued there: what falls due for it is refused",
            remedy="find out who wrote it, then RENAME or DEL the key",
            stops_deploy=False,
        )


def pickles(connection: redis.Redis, settings: Settings) -> Iterator[Check]:
    """Pickled jobs that wait where workers read JSON only. Nothing is unpickled. Raises redis.RedisError."""
    if settings.allow_pickle == "1":
        why = "whoever can write to Redis runs code in the workers"
        remedy = "queue with @job or -S json everywhere, then unset it"
        yield warning("pickles", "RQCLOCK_ALLOW_PICKLE=1: workers run them", why=why, remedy=remedy)
        return
    found = _waiting(connection, settings.key_prefix)
    if not found:
        yield ok("pickles", "none among the jobs that wait")
        return
    shown = ", ".join(f"{queue}: {count} of the first {of}" for queue, (count, of) in sorted(found.items()))
    yield warning(
        "pickles",
        f"jobs that wait are pickled ({shown})",
        why="rqclock's workers read JSON, so these would fail; they can be queued again afterwards",
        remedy="let the old workers empty the queues first, or set RQCLOCK_ALLOW_PICKLE=1 until they are through",
    )


def _waiting(connection: redis.Redis, prefix: str) -> dict[str, tuple[int, int]]:
    """Queue → how many of how many jobs that were looked at."""
    queues = sorted(text(key) for key in connection.smembers(f"{prefix}:queues"))
    pipeline = connection.pipeline(transaction=False)
    for key in queues:
        pipeline.lrange(key, 0, LOOKED_AT - 1)
    lists = pipeline.execute(raise_on_error=False) if queues else []
    ids = {key: found for key, found in zip(queues, lists, strict=True) if isinstance(found, list)}
    for one in (one for found in ids.values() for one in found):
        pipeline.hget(f"{prefix}:job:{text(one)}", "data")
    answers = iter(pipeline.execute(raise_on_error=False) if any(ids.values()) else [])
    counted = {key: sum(is_pickle(next(answers)) for _ in found) for key, found in ids.items()}
    head = f"{prefix}:queue:"
    return {key.removeprefix(head): (count, len(ids[key])) for key, count in counted.items() if count}


def is_pickle(data: object) -> bool:
    """Whether the field `data` of a job holds a pickle; only its first byte is unpacked."""
    if not isinstance(data, bytes):
        return False
    try:
        return zlib.decompressobj().decompress(data, 1) == PICKLE_PROTOCOL_MARK
    except zlib.error:
        return data[:1] == PICKLE_PROTOCOL_MARK
