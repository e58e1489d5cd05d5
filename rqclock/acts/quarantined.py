"""Jobs that no worker could read (a bad date, a key of the wrong type, an id that is no text): found, and discarded."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import redis

from rqclock.acts.activity import By, Entry, record
from rqclock.store.keys import Keys
from rqclock.store.ledger import slices
from rqclock.store.replies import text
from rqclock.store.scripts import Scripts

BATCH = 100  # in one step of Redis
DISCARDED = "discarded quarantined jobs"


@dataclass(frozen=True)
class Quarantined:
    """One of them; what an entry lacks is empty. `at` is epoch seconds, `raw` the id in Redis, which may be no text."""

    job_id: str
    queue: str
    reason: str
    worker: str
    at: float | None
    raw: bytes


class Quarantine:
    """The hash in which workers keep what they could not read."""

    def __init__(self, connection: redis.Redis, keys: Keys) -> None:
        self._connection = connection
        self._keys = keys
        self._scripts = Scripts(connection)

    def find(self, job_ids: Collection[str] = ()) -> Iterator[Quarantined]:
        """All of them, or those of these ids. Raises redis.RedisError."""
        for raw, entry in self._connection.hscan_iter(f"{self._keys.prefix}:quarantine"):
            job = _quarantined(raw, entry)
            if not job_ids or job.job_id in job_ids:
                yield job

    def discard(self, jobs: Collection[Quarantined], by: By) -> Counter[str]:
        """How many were deleted ("done"), were "gone" meanwhile, or "kept": repaired, and queued again.

        One entry in the activity says how many, also when Redis fails midway. Raises redis.RedisError.
        """
        done: Counter[str] = Counter()
        try:
            for part in slices(jobs, BATCH):
                answers = self._scripts.call("discard_quarantined", self._keys.prefix, *(job.raw for job in part))
                done.update(text(word) for word in answers)
        finally:
            record(self._connection, self._keys, Entry.of(DISCARDED, by, detail={"jobs": done["done"]}))
        return done


def _quarantined(raw: bytes, entry: bytes) -> Quarantined:
    try:
        facts = json.loads(entry)
    except ValueError:
        facts = None
    told: dict[str, Any] = facts if isinstance(facts, dict) else {}
    queue, reason, worker = (str(told.get(name, "")) for name in ("queue", "reason", "worker"))
    return Quarantined(raw.decode(errors="backslashreplace"), queue, reason, worker, _instant(told.get("at")), raw)


def _instant(written: Any) -> float | None:
    try:
        return datetime.fromisoformat(written).timestamp()
    except (TypeError, ValueError):
        return None
