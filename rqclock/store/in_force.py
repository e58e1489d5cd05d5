"""The timetable in force, as Redis has it: the same for every process, whatever clock file lies beside it."""

from __future__ import annotations

from typing import Any

import redis

from rqclock.store.keys import Keys
from rqclock.store.replies import json_object, leave_out, text
from rqclock.timetable.schedules import Schedule


def read_schedules(connection: redis.Redis, keys: Keys) -> list[Schedule]:
    """The schedules in force, by name. Raises redis.RedisError."""
    found = connection.hgetall(keys.named("definitions"))
    schedules = [read_schedule(value, where=f"the definition of {text(slug)}") for slug, value in found.items()]
    return sorted((schedule for schedule in schedules if schedule), key=lambda schedule: schedule.name)


def read_schedule(value: Any, *, where: str) -> Schedule | None:
    """The schedule of a definition; None for one that this version cannot read."""
    values = json_object(value, where=where)
    schedule = None if values is None else Schedule.understood(values)
    if schedule is None:
        leave_out(where)
    return schedule


def next_run(schedule: Schedule, now: int) -> int | None:
    """The next tick that no calendar vetoes (a predicate is code, and is not asked)."""
    tick = schedule.after(now)
    while tick is not None and schedule.veto(tick):
        tick = schedule.after(tick)
    return tick
