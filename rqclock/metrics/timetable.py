"""The timetable in force, kept for as long as it is in force: to read 5,000 definitions takes half a second."""

from __future__ import annotations

from dataclasses import dataclass, field

import redis

from rqclock.store.in_force import next_run, read_schedules
from rqclock.store.keys import Keys
from rqclock.timetable.schedules import Schedule


@dataclass
class Course:
    """A schedule, and its next run, which is worked out anew only when its cursor has moved."""

    schedule: Schedule
    _cursor: int | None = None
    _next: int | None = None

    def next(self, cursor: int) -> int | None:
        """The first run after the last decided one: in the past when it is overdue."""
        if cursor != self._cursor:
            self._cursor, self._next = cursor, next_run(self.schedule, cursor)
        return self._next


@dataclass
class Timetables:
    """The courses of every Clock, by its slug, with the mark of the publication that they were read from."""

    _kept: dict[str, tuple[object, list[Course]]] = field(default_factory=dict)

    def courses(self, connection: redis.Redis, keys: Keys) -> list[Course]:
        """The schedules of a Clock by name. Raises redis.RedisError."""
        mark = tuple(connection.hmget(keys.named("timetable"), "fingerprint", "generation", "at"))
        kept = self._kept.get(keys.clock)
        if kept and (kept[0] == mark or not mark[0]):  # no fingerprint: the next one is being published just now
            return kept[1]
        courses = [Course(schedule) for schedule in read_schedules(connection, keys)]
        self._kept[keys.clock] = (mark, courses)
        return courses
