"""The last rows of many schedules, and how their jobs ended: what can be read of them. The log names the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import redis
from redis.client import Pipeline

from rqclock.store.keys import Keys
from rqclock.store.replies import json_object, leave_out, text
from rqclock.store.rows import UNREADABLE, Row, is_field, read_row

Ending = Mapping[str, Any]
Recorded = tuple[Row, Ending | None]
SHAPES: Mapping[str, Any] = {
    "status": str, "started": (int, float), "ended": (int, float), "worker": str, "error": str, "attempt": int,
    "of": int, "attempts": list,
}  # fmt: skip


def read(connection: redis.Redis, keys: Keys, slugs: Sequence[str], limit: int) -> list[list[Recorded]]:
    """Of each schedule the last rows, at most `limit`, newest first. Three round trips. Raises redis.RedisError."""
    pipeline = connection.pipeline(transaction=False)
    for slug in slugs:
        pipeline.zrevrange(keys.of("index", slug), 0, limit - 1)
    found = _answers(pipeline, [keys.of("index", slug) for slug in slugs])
    fields = [[name for name in map(text, names) if is_field(name)] for names in found]
    ledgers = _fetch(connection, [keys.of("ledger", slug) for slug in slugs], fields)
    outcomes = _fetch(connection, [keys.of("outcomes", slug) for slug in slugs], fields)
    return [_recorded(*parts) for parts in zip(slugs, fields, ledgers, outcomes, strict=True)]


def endings(connection: redis.Redis, keys: Keys, slug: str, rows: Sequence[Row]) -> list[Ending | None]:
    """How the jobs of these rows ended, None where that is not recorded. Raises redis.RedisError."""
    names = [row.field for row in rows]
    found = _fetch(connection, [keys.of("outcomes", slug)], [names])[0]
    return [_ending(slug, name, raw) for name, raw in zip(names, found, strict=True)]


def _fetch(connection: redis.Redis, keys: list[str], fields: list[list[str]]) -> list[list[bytes | None]]:
    """What stands under these fields of these hashes."""
    asked = [(key, names) for key, names in zip(keys, fields, strict=True) if names]
    pipeline = connection.pipeline(transaction=False)
    for key, names in asked:
        pipeline.hmget(key, names)
    answers = iter(_answers(pipeline, [key for key, _ in asked]))
    return [next(answers) or [None] * len(names) if names else [] for names in fields]


def _answers(pipeline: Pipeline, keys: list[str]) -> list[list[Any]]:
    """The answers about these keys; nothing of one that holds something else: it must not hide all others."""
    found = pipeline.execute(raise_on_error=False) if keys else []
    for key, answer in zip(keys, found, strict=True):
        if isinstance(answer, Exception):
            if not str(answer).startswith("WRONGTYPE"):
                raise answer
            leave_out(f"the Redis key {key}")
    return [[] if isinstance(answer, Exception) else answer for answer in found]


def _recorded(slug: str, names: list[str], ledger: list[bytes | None], outcomes: list[bytes | None]) -> list[Recorded]:
    found = []
    for name, raw, end in zip(names, ledger, outcomes, strict=True):
        row = None if raw is None else read_row(name, text(raw))
        if row is None:
            continue
        if row.decision == UNREADABLE:
            leave_out(f"what was decided on {name} of {slug}")
        found.append((row, _ending(slug, name, end)))
    return found


def _ending(slug: str, name: str, raw: bytes | None) -> Ending | None:
    where = f"how {name} of {slug} ended"
    known = None if raw is None else json_object(raw, where=where)
    if known is None or _is_ours(known):
        return known
    leave_out(where)
    return None


def _is_ours(ending: Ending) -> bool:
    return "status" in ending and all(isinstance(value, SHAPES.get(name, object)) for name, value in ending.items())
