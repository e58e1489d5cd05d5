"""A clock process without its loop: the test says what time it is, and when the process does something."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import redis
from rq import Queue, SimpleWorker

from rqclock import Clock, Job
from rqclock.aftercare.outcomes import Outcomes
from rqclock.running.entries import Outage
from rqclock.running.memory import Memory
from rqclock.running.ticker import Ticker
from rqclock.store.keys import Keys
from rqclock.store.lease import Lease
from rqclock.store.ledger import Entry, Ledger, Verdict
from rqclock.store.replies import text
from rqclock.timetable.schedules import Schedule, Timetable
from tests.support import jobs

BEGAN = 1_800_000_000  # 2027-01-15 08:00:00 UTC, a Friday
LIFE = 2.0


@dataclass
class Time:
    """Redis's time and a host's monotonic clock. They go on together, unless a test steps one of them."""

    now: float = BEGAN
    monotonic: float = 5000.0

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        self.monotonic += seconds


def seconds(*names: str, period: str = "second", **options: Any) -> Clock:
    """A Clock with a schedule for each name, due every second."""
    clock = Clock()
    for name in names or ("tick",):
        clock.every(period, name=name, **options).enqueue(jobs.plain)
    return clock


class Leader:
    """One clock: its lease, ledger and ticker. It leads once `lead` was called."""

    def __init__(self, connection: redis.Redis, clock: Clock | Timetable, time: Time | None = None, **lease: Any):
        self.connection = connection
        self.time = time or Time()
        self.timetable = clock if isinstance(clock, Timetable) else clock.timetable()
        self.keys = Keys("rq", self.timetable.slug)
        self.lease = Lease(
            connection, self.keys, self.timetable.fingerprint, LIFE, lambda: self.time.monotonic, **lease
        )
        self.ledger = Ledger(connection, self.keys, self.lease)
        self.memory = Memory()
        self.ticker = self._ticker()

    def _ticker(self) -> Ticker:
        return Ticker(self.timetable, self.ledger, now=lambda: self.time.now, pause=lambda: None, memory=self.memory)

    def join(self) -> Leader:
        self.lease.join(self.time.now)
        return self

    def beat(self) -> Leader:
        self.lease.beat(self.time.now)
        return self

    def acquire(self) -> bool:
        return self.lease.acquire(self.time.now)

    def lead(self, outage: Outage | None = None, *, publish: bool = False) -> Leader:
        """Become the leader, whoever is one now, and be ready to `step`."""
        if not self.lease.generation:
            self.join()
        self.beat()
        assert self.acquire()
        return self.look_anew(outage, publish=publish)

    def look_anew(self, outage: Outage | None = None, *, publish: bool = False) -> Leader:
        """What the process does after any trouble: a new ticker, from what Redis says."""
        self.ticker = self._ticker()
        self.forgotten = self.ticker.take_lead(outage or Outage(), publish=publish).names
        return self

    def step(self, seconds: float = 0.0) -> None:
        """Let the time pass, then do what is due."""
        self.time.pass_by(seconds)
        self.ticker.step()

    def fire(self, *entries: Entry, fingerprint: str | None = None) -> list[Verdict]:
        return self.ledger.fire(entries, fingerprint or self.timetable.fingerprint, self.time.now)

    def schedule(self, name: str = "tick") -> Schedule:
        return next(schedule for schedule in self.timetable.schedules if schedule.name == name)

    def entry(self, tick: int, name: str = "tick", **more: Any) -> Entry:
        """An entry of the tick `tick` seconds after BEGAN, whose clock read the cursor that Redis has."""
        schedule = self.schedule(name)
        cursor = more.pop("cursor", None)
        read = self.cursor(name) if cursor is None else BEGAN + cursor
        return Entry(schedule, BEGAN + tick, read, more.pop("decision", None), more.pop("row", None))

    def chain(self, *ticks: int, name: str = "tick") -> list[Entry]:
        """Entries of several ticks of one schedule, each following the one before."""
        cursors = [self.cursor(name) - BEGAN, *ticks]
        return [self.entry(tick, name, cursor=cursor) for cursor, tick in zip(cursors, ticks, strict=False)]

    def cursor(self, name: str = "tick") -> int:
        return int(self.connection.hget(self.keys.named("cursors"), self.schedule(name).slug) or 0)

    def rows(self, name: str = "tick") -> dict[int, dict[str, Any]]:
        """The ledger of a schedule: seconds after BEGAN → row; runs by hand left out."""
        found = self.connection.hgetall(self.keys.of("ledger", self.schedule(name).slug))
        return {int(tick) - BEGAN: json.loads(row) for tick, row in sorted(found.items()) if b"r" not in tick}

    def decisions(self, name: str = "tick") -> dict[int, str]:
        """Seconds after BEGAN → decision."""
        return {tick: row["is"] for tick, row in self.rows(name).items()}

    def queued(self, queue: str = "default") -> list[str]:
        """The ids in a queue, first one first."""
        return [text(job) for job in self.connection.lrange(f"rq:queue:{queue}", 0, -1)]

    def ids(self, *ticks: int, name: str = "tick") -> list[str]:
        """The job ids of ticks in seconds after BEGAN."""
        return [self.keys.job_id(self.schedule(name).slug, BEGAN + tick) for tick in ticks]

    def work(self, *queues: str) -> None:
        """Let a real worker run what is queued, and record how it ended."""
        names = [Queue(name, connection=self.connection) for name in queues or ("default",)]
        SimpleWorker(names, connection=self.connection, job_class=Job).work(burst=True, logging_level="CRITICAL")
        Outcomes(self.connection, self.keys).step(self.time.now)
