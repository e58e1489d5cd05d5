"""A timetable in Redis as a real clock leaves it there, without waiting for its times to come."""

from __future__ import annotations

import time

import redis
from rq import Queue, SimpleWorker

from rqclock import Clock, Job
from rqclock.aftercare.outcomes import Outcomes
from rqclock.store.keys import Keys
from rqclock.store.lease import Lease
from rqclock.store.ledger import Entry, Ledger
from rqclock.timetable.schedules import Schedule

LIFE = 2.0


class Led:
    """A clock's timetable, published and led; `decide` makes runs of a schedule, oldest first."""

    def __init__(self, connection: redis.Redis, clock: Clock, *, began: int) -> None:
        self.timetable = clock.timetable()
        self.keys = Keys("rq", self.timetable.slug)
        self.began = began
        self.lease = Lease(connection, self.keys, self.timetable.fingerprint, LIFE, time.monotonic)
        self._connection = connection
        self._ledger = Ledger(connection, self.keys, self.lease)
        self._lead(time.time())
        for _ in self._ledger.publish(self.timetable, began):
            pass

    def _lead(self, now: float) -> None:
        self.lease.join(now)
        self.lease.beat(now)
        assert self.lease.acquire(now)

    def schedule(self, name: str) -> Schedule:
        return next(schedule for schedule in self.timetable.schedules if schedule.name == name)

    def decide(self, name: str, *decisions: str | None, why: str = "") -> list[int]:
        """One run a decision (None: enqueue it), at the schedule's own times after the last one; their instants."""
        schedule = self.schedule(name)
        cursor = self._ledger.cursors([schedule])[0] or self.began
        ticks = []
        for decision in decisions:
            tick = schedule.after(cursor)
            assert tick is not None
            entry = Entry(schedule, tick, cursor, decision, {"why": why} if why else None)
            verdicts = self._ledger.fire([entry], self.timetable.fingerprint, time.time())
            assert [verdict.decision for verdict in verdicts] == [decision or "enqueued"]
            ticks.append(tick)
            cursor = tick
        return ticks

    def work(self) -> None:
        """Let a real worker run what is queued, and note how it ended."""
        queues = [Queue(name, connection=self._connection) for name in ("default", "mail")]
        SimpleWorker(queues, connection=self._connection, job_class=Job).work(burst=True, logging_level="CRITICAL")
        Outcomes(self._connection, self.keys).step(time.time())

    def fall_silent(self) -> None:
        """Make the last beat an hour old, as if the clock had been killed then."""
        hour_ago = int((time.time() - 3600) * 1000)
        self._connection.hset(self.keys.named("lease"), "at", hour_ago)
        self._connection.delete(self.keys.named("members"))
