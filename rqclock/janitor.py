"""The janitor: jobs planned for later, and retries after a pause, reach their queue when their time has come."""

from __future__ import annotations

import logging

import redis

from rqclock.keys import Keys
from rqclock.ledger import rq_stamp
from rqclock.replies import text
from rqclock.scripts import Scripts

log = logging.getLogger("rqclock.janitor")


class Janitor:
    """Moves what is due in RQ's registries of scheduled jobs, for every queue that RQ knows."""

    def __init__(self, connection: redis.Redis, keys: Keys) -> None:
        self._connection = connection
        self._prefix = keys.prefix
        self._scripts = Scripts(connection)

    def step(self, now: float) -> None:
        """One pass; `now` stands in the jobs as the instant of queueing. Raises redis.RedisError."""
        for key in self._connection.smembers(f"{self._prefix}:queues"):
            queue = text(key).removeprefix(f"{self._prefix}:queue:")
            moved = self._scripts.call("move_due", self._prefix, queue, rq_stamp(now))
            if moved > 0:
                log.info("%d due jobs moved to %s", moved, queue)
            elif moved < 0:
                log.error("queue %s is not a list: its planned jobs wait until that key is repaired", queue)
