"""The timetable in force, kept in this process for as long as it is in force: reading 5,000 definitions takes half a
second, and asking whether they are still the same takes none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import redis

from rqclock.store.in_force import next_run, read_schedules
from rqclock.store.keys import Keys
from rqclock.timetable.schedules import Schedule


@dataclass
class Card:
    """A schedule as the list needs it: `words` is what a search looks through."""

    keys: Keys
    schedule: Schedule
    words: str
    _next: int | None = None
    _asked: bool = False

    def next(self, now: int) -> int | None:
        """Its next run; worked out again only once that is past."""
        if not self._asked or (self._next is not None and self._next <= now):
            self._next, self._asked = next_run(self.schedule, now), True
        return self._next


@dataclass
class Timetables:
    """The cards of every Clock, by its slug, with the mark of the publication that they were read from."""

    _kept: dict[str, tuple[object, list[Card]]] = field(default_factory=dict)

    def cards(self, connection: redis.Redis, clocks: Iterable[Keys]) -> list[Card]:
        """All schedules in force, by Clock and name. Raises redis.RedisError."""
        return [card for keys in clocks for card in self._of(connection, keys)]

    def _of(self, connection: redis.Redis, keys: Keys) -> list[Card]:
        mark = tuple(connection.hmget(keys.named("timetable"), "fingerprint", "generation", "published"))
        kept = self._kept.get(keys.clock)
        if kept and kept[0] == mark and mark[0]:  # no fingerprint: it is being published just now
            return kept[1]
        cards = [Card(keys, schedule, _words(schedule)) for schedule in read_schedules(connection, keys)]
        self._kept[keys.clock] = (mark, cards)
        return cards


def _words(schedule: Schedule) -> str:
    target = schedule.target
    parts = (schedule.name, schedule.description, schedule.owner, target.path, target.options.queue, schedule.words)
    return "\n".join(parts).lower()
