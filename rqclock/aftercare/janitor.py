"""The janitor: jobs planned for later and retries after a pause reach their queue in time; RQ's own clean-up."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable

import redis

from rqclock.aftercare.planned import Planned
from rqclock.store.keys import Keys
from rqclock.store.ledger import rq_stamp
from rqclock.store.locks import Locks
from rqclock.store.replies import text
from rqclock.store.scripts import Scripts
from rqclock.store.server_now import server_now

log = logging.getLogger("rqclock.janitor")

BATCH = 200
BATCHES = 50  # of one queue in one pass: the others have their turn too
HOLD_EVERY, CLEAN_EVERY = 10.0, 30.0  # seconds
BROKEN = {-1: "its list", -2: "the registry of its planned jobs"}


class Janitor:
    """Works on every queue that RQ knows, as far as the locks are ours; a live scheduler beside it keeps its queues.

    `clock` tells the time that the clock goes by, so that later jobs wait as runs do when Redis's time has jumped.
    """

    def __init__(
        self,
        connection: redis.Redis,
        keys: Keys,
        locks: Locks | None = None,
        *,
        clock: Callable[[], float] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection = connection
        self._prefix = keys.prefix
        self._scripts = Scripts(connection)
        self._locks = locks or Locks(connection, keys)
        self._clock = clock or (lambda: server_now(connection))
        self._planned = Planned(connection, keys, self._locks, self._clock)
        self._monotonic = monotonic
        self._queues: set[str] = set()
        self._held_at = self._cleaned_at = -1e9
        self._broken: dict[str, int] = {}

    def step(self, now: float) -> None:
        """One pass; `now` stands in the jobs as the instant of queueing. Raises redis.RedisError."""
        found = {text(key) for key in self._connection.smembers(f"{self._prefix}:queues")}
        queues = {key.removeprefix(f"{self._prefix}:queue:") for key in found}
        self._hold(queues)
        for queue in sorted(queues):
            if self._locks.holds(scheduler_lock(self._prefix, queue)):
                self._move(queue, now)
        moved = self._planned.step(now)
        if moved:
            log.info("%d due jobs of rq-scheduler's set moved to their queues", moved)
        if self._monotonic() - self._cleaned_at >= CLEAN_EVERY:
            self._clean(queues, now)

    def release(self) -> None:
        """Give the locks up, for whoever leads next. Raises redis.RedisError."""
        self._held_at = -1e9
        self._locks.release()

    def _hold(self, queues: set[str]) -> None:
        now = self._monotonic()
        if queues <= self._queues and now - self._held_at < HOLD_EVERY:
            return
        names = [lock(self._prefix, queue) for queue in sorted(queues) for lock in (scheduler_lock, cleaning_lock)]
        self._locks.hold(names)
        self._queues, self._held_at = queues, now

    def _move(self, queue: str, now: float) -> None:
        for _ in range(BATCHES):
            due = self._clock()
            stamp = rq_stamp(max(now, due))  # never before the time that the job was planned for
            moved, *limits = self._scripts.call("move_due", self._prefix, queue, stamp, BATCH, due)
            self._say_broken(queue, moved)
            self._give_places(limits)
            if moved > 0:
                log.info("%d due jobs moved to %s", moved, queue)
            if moved < BATCH:
                return

    def _say_broken(self, queue: str, moved: int) -> None:
        if moved < 0 and self._broken.get(queue) != moved:
            log.error(
                "queue %s: %s is of another type: its planned jobs wait until that key is repaired",
                queue,
                BROKEN[moved],
            )
        self._broken[queue] = moved

    def _give_places(self, limits: Iterable[bytes]) -> None:
        """Let RQ's own script fill the free places of these rate limits."""
        from rq.rate_limit import RateLimitRegistry

        for limit in sorted({text(limit) for limit in limits}):
            registry = RateLimitRegistry(limit, connection=self._connection)
            registry.acquire_and_enqueue(registry.concurrency)

    def _clean(self, queues: set[str], now: float) -> None:
        """What workers would do every ten minutes: a malformed job makes a worker leave amid it, with the lock held."""
        from rq import Queue
        from rq.rate_limit import RateLimitRegistry
        from rq.worker_registration import clean_worker_registry

        self._cleaned_at = self._monotonic()
        for queue in sorted(queues):
            if self._locks.holds(cleaning_lock(self._prefix, queue)):
                self._give_places(self._scripts.call("clean", self._prefix, queue, rq_stamp(now)))
                clean_worker_registry(Queue(queue, connection=self._connection))
        for registry in RateLimitRegistry.all(self._connection):
            registry.cleanup()


def scheduler_lock(prefix: str, queue: str) -> str:
    """The lock of RQ's scheduler (`rq worker --with-scheduler`) on a queue."""
    return f"{prefix}:scheduler-lock:{queue}"


def cleaning_lock(prefix: str, queue: str) -> str:
    """The lock under which workers clean a queue's registries."""
    return f"{prefix}:clean_registries:{queue}"
