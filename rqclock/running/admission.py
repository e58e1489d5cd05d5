"""What must be right before a clock joins: waiting would not mend it, and going on would lose jobs.

Both checks may raise redis.RedisError.
"""

from __future__ import annotations

import redis

from rqclock.connection import address
from rqclock.errors import ConfigurationError
from rqclock.settings import Settings
from rqclock.store.ledger import Ledger
from rqclock.timetable.schedules import Timetable


def refuse_stranger(ledger: Ledger, timetable: Timetable) -> None:
    """Raise ConfigurationError when the timetable in force is another one, not a version of this."""
    there = set(ledger.definitions())
    ours = {schedule.slug for schedule in timetable.schedules} | set(ledger.origins(timetable).values())
    if there and not there & ours:  # an empty file too: it would switch every schedule off
        raise ConfigurationError(
            f"another timetable ({len(there)} schedules, none of them in this file) is in force under "
            f'the Clock name {timetable.name!r}: give yours one of its own, Clock(name="…"), '
            "or run python clock.py --take-over"
        )


def refuse_eviction(connection: redis.Redis, settings: Settings) -> None:
    """Raise ConfigurationError when Redis would throw jobs away as if they were a cache."""
    try:
        memory = connection.info("memory")
    except redis.ResponseError:  # a managed Redis may deny INFO: then we cannot tell
        return
    policy = memory.get("maxmemory_policy", "noeviction")
    if memory.get("maxmemory") and policy != "noeviction":
        raise ConfigurationError(
            f"Redis at {address(settings)} has maxmemory-policy {policy}: when it is full it deletes jobs without "
            "an error; set maxmemory-policy noeviction"
        )
