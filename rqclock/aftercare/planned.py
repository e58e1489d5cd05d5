"""One-off jobs in rq-scheduler's set. Its recurring entries are told apart without unpickling, and never touched."""

from __future__ import annotations

import json
import pickletools
from collections.abc import Callable, Iterator

import redis

from rqclock.jobs.serializer import PICKLE_PROTOCOL_MARK
from rqclock.store.keys import Keys
from rqclock.store.ledger import rq_stamp
from rqclock.store.locks import Locks
from rqclock.store.replies import text
from rqclock.store.scripts import Scripts

RECURRING = frozenset({"interval", "cron_string"})
CHUNK = 200
DEFAULT_QUEUE = "default"


class Planned:
    """Moves what is due there.

    rq-scheduler's daemon may run beside it: each takes its lock for the moves alone. Held on to, the lock would stop
    the recurring entries of a team that still has some.
    """

    def __init__(self, connection: redis.Redis, keys: Keys, locks: Locks, clock: Callable[[], float]) -> None:
        self._connection = connection
        self._keys = keys
        self._locks = locks
        self._clock = clock
        self._scripts = Scripts(connection)
        self._set = f"{keys.prefix}:scheduler:scheduled_jobs"
        self._lock = f"{keys.prefix}:scheduler_lock"

    def step(self, now: float) -> int:
        """How many jobs were moved; none while the daemon holds its lock, for then it moves them.

        Raises redis.RedisError.
        """
        moved, due = 0, self._clock()
        stamp = rq_stamp(max(now, due))
        for ids in self._before(due):
            if not self._locks.take(self._lock):
                return moved
            try:
                moved += self._scripts.call("move_planned", self._keys.prefix, stamp, DEFAULT_QUEUE, due, *ids)
            finally:
                self._locks.give(self._lock)
        return moved

    def _before(self, due: float) -> Iterator[list[str]]:
        """The ids of one-off jobs whose time has come, in pieces. Recurring ones may lie due before them for ever."""
        there = self._connection.zrangebyscore(self._set, "-inf", due)
        for start in range(0, len(there), CHUNK):
            ids = [text(one) for one in there[start : start + CHUNK]]
            pipeline = self._connection.pipeline(transaction=False)
            for one in ids:
                pipeline.hget(self._keys.job(one), "meta")
            answers = pipeline.execute(raise_on_error=False)
            found = [one for one, meta in zip(ids, answers, strict=True) if not _is_recurring(meta)]
            if found:
                yield found


def _is_recurring(meta: object) -> bool:
    return isinstance(meta, bytes) and is_recurring(meta)


def is_recurring(meta: bytes) -> bool:
    """Whether a job's `meta`, as it lies in Redis, says that rq-scheduler plans it anew after each run.

    A pickle is only looked through for these words, never loaded: whoever writes it would run code here. What cannot be
    read at all counts as recurring, since nothing of it is to be touched.
    """
    try:
        if meta[:1] == PICKLE_PROTOCOL_MARK:
            words = {value for _, value, _ in pickletools.genops(meta) if isinstance(value, str)}
        else:
            words = set(json.loads(meta))
    except Exception:  # pickletools raises a different class for each way to be broken
        return True
    return bool(RECURRING & words)
