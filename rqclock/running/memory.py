"""What a clock process knows beside Redis, over all its leads. By it the process notices what Redis has lost."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import redis

from rqclock.acts.activity import STATE_LOST
from rqclock.running import events
from rqclock.running.predicates import Predicates
from rqclock.store.keys import Keys
from rqclock.store.ticks import iso
from rqclock.timetable.schedules import Schedule

log = logging.getLogger("rqclock.clock")
NAMED = 500  # schedules that one entry of the activity names; of more it says that it was all


@dataclass
class Memory:
    """By slug, the last tick whose decision Redis has acknowledged; and whose condition is asked no more."""

    decided: dict[str, int] = field(default_factory=dict)
    predicates: Predicates = field(default_factory=Predicates)

    def note(self, slug: str, cursor: int) -> None:
        """Redis has said that all ticks up to `cursor` are decided. Knowledge is never unlearnt."""
        self.decided[slug] = max(cursor, self.decided.get(slug, cursor))

    def is_ahead(self, slug: str, cursor: int | None) -> bool:
        """Whether decisions are known here that Redis, which says `cursor`, has no more."""
        return slug in self.decided and (cursor is None or cursor < self.decided[slug])


@dataclass(frozen=True)
class Loss:
    """What Redis has lost: of these schedules (names), decisions later than `since` (0 means all there were)."""

    names: Sequence[str] = ()
    since: int = 0
    known: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, memory: Memory, schedules: Sequence[Schedule], cursors: Sequence[int | None]) -> Loss:
        """Compare what is remembered with the cursors that Redis has. `known` is the last tick remembered, by slug."""
        pairs = zip(schedules, cursors, strict=True)
        lost = [(schedule, cursor) for schedule, cursor in pairs if memory.is_ahead(schedule.slug, cursor)]
        known = {schedule.slug: memory.decided[schedule.slug] for schedule, _ in lost}
        if all(cursor is None for cursor in cursors):
            return cls([schedule.name for schedule, _ in lost], 0, known)
        # Where one cursor alone is gone, nothing earlier than what we know is: an audit excuses what lies later.
        sinces = [known[schedule.slug] if cursor is None else cursor for schedule, cursor in lost]
        return cls([schedule.name for schedule, _ in lost], min(sinces, default=0), known)

    @property
    def detail(self) -> dict[str, Any]:
        """What the activity keeps: it excuses, in an audit, what is missing of the schedules that it names."""
        since = iso(self.since) if self.since else "the beginning"
        return {"from": since, "schedules": list(self.names) if len(self.names) <= NAMED else "all"}

    def __str__(self) -> str:
        of = f"{len(self.names)} schedules ({', '.join(self.names[:3])}{', …' if len(self.names) > 3 else ''})"
        if not self.since:
            return (
                f"Redis has forgotten all decisions on {of}, and the jobs that waited: they go on from where they were"
            )
        return f"Redis has forgotten decisions since {iso(self.since)} on {of}: they are decided again, and marked"


def tell_of(loss: Loss, connection: redis.Redis, keys: Keys, *, host: str, now: float) -> None:
    """Log what was lost, and keep it in the activity. Raises redis.ConnectionError."""
    log.error("state lost: %s", loss)
    events.keep(connection, keys, STATE_LOST, host=host, detail=loss.detail | {"to": iso(now)})
