"""Jobs that nobody can read (a bad date, a key of the wrong type, an id that is no text): aside, with the reason."""

from __future__ import annotations

import base64
import json
import logging
import time
import zlib

import redis
from rq.defaults import DEFAULT_FAILURE_TTL, RQ_KEY_PREFIX

from rqclock.store.scripts import Scripts
from rqclock.store.ticks import iso

log = logging.getLogger("rqclock.worker")


class Quarantine:
    """The hash `PREFIX:quarantine`: job id → JSON of queue, reason, worker and instant."""

    def __init__(self, connection: redis.Redis, worker_name: str) -> None:
        self._scripts = Scripts(connection)
        self._worker = worker_name

    def put(self, queue: str, job_id: bytes, reason: str) -> None:
        """Off its queue, failed for good; a job that was put here before is written anew. Raises redis.RedisError."""
        now = time.time()
        entry = json.dumps({"queue": queue, "reason": reason, "worker": self._worker, "at": iso(now)})
        packed = base64.b64encode(zlib.compress(f"quarantined: {reason}".encode()))
        self._scripts.call("quarantine", RQ_KEY_PREFIX, queue, job_id, entry, int(now), DEFAULT_FAILURE_TTL, packed)
        shown = job_id.decode(errors="replace")
        log.error("%s: job %s cannot be read and is quarantined: %s", queue, shown, reason, extra={"job_id": shown})
