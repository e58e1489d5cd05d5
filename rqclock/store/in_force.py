"""The timetable in force, as Redis has it: the same for every process, whatever clock file lies beside it."""

from __future__ import annotations

import json

import redis

from rqclock.store.keys import Keys
from rqclock.timetable.schedules import Schedule


def read_schedules(connection: redis.Redis, keys: Keys) -> list[Schedule]:
    """The schedules in force, by name. Raises redis.RedisError."""
    found = [Schedule.understood(json.loads(text)) for text in connection.hvals(keys.named("definitions"))]
    return sorted((schedule for schedule in found if schedule), key=lambda schedule: schedule.name)


def next_run(schedule: Schedule, now: int) -> int | None:
    """The next tick that no calendar vetoes (a predicate is code, and is not asked)."""
    tick = schedule.after(now)
    while tick is not None and schedule.veto(tick):
        tick = schedule.after(tick)
    return tick
