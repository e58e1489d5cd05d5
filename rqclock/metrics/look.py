"""One look at Redis: the connection, its time, the sheet to be filled; and what is known of each Clock in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import redis

from rqclock.metrics.figure import Sheet
from rqclock.metrics.timetable import Timetables
from rqclock.store.keys import Keys
from rqclock.store.presence import clocks, held_by
from rqclock.store.replies import text, texts
from rqclock.store.ticks import slug
from rqclock.store.totals import SLICE, Totals

MOST_CLOCKS = 50
FORGOTTEN_AFTER = 30 * 86_400  # seconds of silence after which a Clock is taken for one that was given up


@dataclass
class Look:
    """`now` is Redis's time in epoch seconds; `most` schedules of a Clock have series of their own. `queues` are those
    that RQ knows, and those of the schedules seen."""

    connection: redis.Redis
    prefix: str
    now: float
    sheet: Sheet
    timetables: Timetables
    most: int
    queues: set[str] = field(default_factory=set)

    @cached_property
    def names(self) -> list[str]:
        """The names of all Clocks. Raises redis.RedisError."""
        return clocks(self.connection, self.prefix)

    @cached_property
    def clocks(self) -> list[ClockLook]:
        """The Clocks that are in use. Raises redis.RedisError."""
        return [ClockLook(self, Keys(self.prefix, slug(name))) for name in self.names[:MOST_CLOCKS]]

    @property
    def is_given_up(self) -> bool:
        """Whether a person has had the last Clock forgotten. Raises redis.RedisError."""
        return not self.names and bool(self.connection.exists(Keys(self.prefix, "").forgotten))


@dataclass
class ClockLook:
    """One Clock; each part is read when it is first asked for. All raise redis.RedisError."""

    look: Look
    keys: Keys

    @property
    def name(self) -> str:
        return self.keys.clock

    @cached_property
    def lease(self) -> dict[str, str]:
        return self._hash("lease")

    @cached_property
    def cursors(self) -> dict[str, int]:
        """The last decided run of each schedule, by slug."""
        found = self.look.connection.hscan_iter(self.keys.named("cursors"), count=SLICE)
        return {text(name): int(value) for name, value in found}

    @cached_property
    def totals(self) -> dict[str, int]:
        return Totals(self.look.connection, self.keys).read()

    @cached_property
    def heard(self) -> float:
        """When a leader last gave a sign of life, in epoch seconds."""
        if "at" in self.lease:
            return int(self.lease["at"]) / 1000
        # The lease is kept for a day; what was decided last is younger than that no more.
        published = self._hash("timetable").get("at", "0")
        return float(max([*self.cursors.values(), int(published)]))

    @property
    def now(self) -> float:
        """The time by which its leader goes: Redis's, but for a jump that is held back."""
        return self.look.now - (held_by(self.lease) if self.lease.get("owner") else 0.0)

    @property
    def is_forgotten(self) -> bool:
        return self.now - self.heard > FORGOTTEN_AFTER

    def _hash(self, name: str) -> dict[str, str]:
        return texts(self.look.connection.hgetall(self.keys.named(name)))
