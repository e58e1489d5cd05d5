"""Saying that Redis's time is right, after it has jumped and the clocks did not follow."""

from __future__ import annotations

import redis

from rqclock.acts.activity import By, Entry, announce
from rqclock.errors import RqclockError
from rqclock.store.keys import Keys
from rqclock.store.presence import has_jumped, read_present
from rqclock.store.scripts import Scripts


class NothingHeld(RqclockError):
    """No clock holds anything back."""


def accept_time(connection: redis.Redis, keys: Keys, by: By) -> float:
    """Have the clocks go by Redis's time from their next beat on: by how many seconds they will jump.

    Raises NothingHeld, redis.RedisError.
    """
    there = read_present(connection, keys)
    held = next((clock.held for clock in there.processes if has_jumped(clock.held)), 0.0)
    if not there.processes:
        raise NothingHeld("no clock runs: start one first, it tells whether it goes by Redis's time")
    if not held:
        raise NothingHeld("there is nothing to accept: the clocks go by Redis's time")
    entry = Entry.of("time accepted", by, detail={"seconds": round(held)})
    Scripts(connection).call("accept", keys.root, entry.packed())
    announce(entry)
    return held
