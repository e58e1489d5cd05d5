"""What befalls the clock, for the log and the activity."""

from __future__ import annotations

import logging
from typing import Any

import redis

from rqclock.acts import activity
from rqclock.store.keys import Keys

log = logging.getLogger("rqclock.clock")


def jumped(connection: redis.Redis, keys: Keys, *, host: str, seconds: float) -> None:
    """Redis's time has, and this host's has not. Raises redis.ConnectionError."""
    keep(connection, keys, "time jumped", host=host, detail={"seconds": round(seconds)})


def returned(connection: redis.Redis, keys: Keys, *, host: str, generations: tuple[int, int]) -> None:
    """An older timetable leads, since no clock of the newer one is left. Raises redis.ConnectionError."""
    old, new = generations
    log.error("an older timetable leads again (generation %d): no clock of generation %d is left", old, new)
    keep(connection, keys, "older timetable leads", host=host, detail={"generation": old, "was": new})


def keep(connection: redis.Redis, keys: Keys, what: str, *, host: str, detail: dict[str, Any]) -> None:
    """An entry of the activity. Raises redis.ConnectionError."""
    try:
        activity.record(connection, keys, activity.Entry(what, "clock", where=host, detail=detail))
    except redis.ResponseError as error:  # a broken key of the activity, or a full Redis, must not stop the clock
        log.error("this could not be kept in the activity: %s", error)
