"""How jobs ended, written into the ledger before RQ forgets them."""

from __future__ import annotations

import json

import redis

from rqclock import rq_records
from rqclock.keys import Keys
from rqclock.ledger import slices
from rqclock.replies import text
from rqclock.rq_records import Record
from rqclock.ticks import field, read_job_id

CHUNK = 500


class Outcomes:
    """Looks at every job of ours whose end is not recorded, whatever worker runs it."""

    def __init__(self, connection: redis.Redis, keys: Keys) -> None:
        self._connection = connection
        self._keys = keys

    def step(self, now: float) -> None:
        """One pass over all open jobs; sending it again writes the same. Raises redis.RedisError."""
        open_ = self._keys.named("open")
        for part in slices(self._connection.zrange(open_, 0, -1), CHUNK):
            ids = [text(job_id) for job_id in part]
            for job_id, record in zip(ids, rq_records.read(self._connection, self._keys, ids), strict=True):
                if record is None or record.ended:
                    self._close(job_id, record)

    def _close(self, job_id: str, record: Record | None) -> None:
        named = read_job_id(job_id)
        pipeline = self._connection.pipeline()
        if named is not None:
            slug, at, token = named
            pipeline.hset(self._keys.of("outcomes", slug), field(at, token), _row(record))
        pipeline.zrem(self._keys.named("open"), job_id)
        pipeline.execute()


def _row(record: Record | None) -> str:
    if record is None:
        return json.dumps({"status": "unknown"})
    facts = {
        "status": record.status,
        "started": record.started_at,
        "ended": record.finished_at,
        "worker": record.worker,
        "error": record.error,
    }
    return json.dumps({name: value for name, value in facts.items() if value is not None}, separators=(",", ":"))
