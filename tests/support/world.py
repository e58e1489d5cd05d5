"""A Redis, one leading clock, and people who act. The test says what happens and what time it is."""

from __future__ import annotations

from typing import Any

import redis as redis_py

from rqclock import Clock
from rqclock.acts.activity import By
from rqclock.acts.backfill import Backfill, Order, Pace, Result
from rqclock.acts.pauses import Pauses
from rqclock.acts.run_now import Request, run_now
from rqclock.acts.skips import Skips
from rqclock.running.entries import Outage
from rqclock.timetable.schedules import Schedule
from rqclock.views.audit import Audit, Span
from rqclock.views.findings import Finding
from rqclock.views.why import Explanation, explain
from tests.support import jobs
from tests.support.leader import BEGAN, Leader, Time

ANN = By("Ann", "the register is down", "cli on web-1")
BOB = By("Bob")


def clock_of(lines: dict[str, dict[str, Any]], **options: Any) -> Clock:
    """A Clock with a schedule for each name; the period is its option `period`."""
    clock = Clock(**options)
    for name, line in lines.items():
        clock.every(**line, name=name).enqueue(jobs.plain)
    return clock


class World:
    """Schedules by name, each every so many seconds unless its line says otherwise."""

    def __init__(self, redis: redis_py.Redis, **lines: dict[str, Any]) -> None:
        self.redis = redis
        self.time = Time()
        self.leader = Leader(redis, clock_of(lines or {"tick": {"period": "10 seconds"}}), self.time).lead()
        self.keys = self.leader.keys
        self.pauses = Pauses(redis, self.keys, self.now)
        self.skips = Skips(redis, self.keys, self.now)

    def now(self) -> float:
        return self.time.now

    def schedule(self, name: str = "tick") -> Schedule:
        return self.leader.schedule(name)

    def on(self, seconds: int, *, step: int = 2) -> World:
        """Time passes with a clock that leads."""
        for _ in range(0, seconds, step):
            self.leader.step(step)
        return self

    def down(self, seconds: int) -> World:
        """Time passes without one; then one leads again."""
        since = self.time.now
        self.time.pass_by(seconds)
        self.leader.look_anew(Outage(since))
        self.leader.step()
        return self

    def deploy(self, **lines: dict[str, Any]) -> World:
        """Another timetable, three seconds later."""
        self.time.pass_by(3)
        self.leader = Leader(self.redis, clock_of(lines), self.time).lead(Outage(self.time.now - 3))
        self.leader.step()
        return self

    def run_now(self, name: str = "tick") -> str:
        return run_now(self.redis, self.keys, self.schedule(name), Request("Ann")).job_id

    def backfilling(self, start: int, end: int, name: str = "tick", *, again: bool = False) -> Backfill:
        """A backfill from `start` to `end` seconds after BEGAN."""
        order = Order(self.schedule(name), BEGAN + start, BEGAN + end, ANN, again)
        return Backfill(self.redis, self.keys, order, self.now)

    def backfill(self, start: int, end: int, name: str = "tick", *, again: bool = False) -> list[Result]:
        return list(self.backfilling(start, end, name, again=again).run(Pace()))

    def audit(self, start: int = 1, end: int | None = None) -> Audit:
        """An audit from `start` to `end` (not included) seconds after BEGAN; else up to now."""
        last = int(self.now()) + 1 if end is None else BEGAN + end
        return Audit(self.redis, self.keys, Span(BEGAN + start, last), self.now)

    def findings(self, start: int = 1, end: int | None = None) -> list[Finding]:
        return list(self.audit(start, end).findings())

    def found(self, start: int = 1, end: int | None = None) -> list[tuple[str, int]]:
        """Kind and second after BEGAN of each finding."""
        return [(finding.kind, finding.tick - BEGAN) for finding in self.findings(start, end)]

    def why(self, second: int, name: str = "tick") -> Explanation:
        """Why, for a second after BEGAN."""
        return explain(self.redis, self.keys, self.schedule(name), BEGAN + second, now=self.now)
