"""Forgetting a Clock for good: one that was renamed or given up would be told silent for ever."""

from __future__ import annotations

import logging

import redis

from rqclock.acts.activity import By
from rqclock.errors import RqclockError, did_you_mean
from rqclock.store.keys import Keys
from rqclock.store.ledger import slices
from rqclock.store.presence import clocks, read_present

log = logging.getLogger("rqclock.activity")
AT_ONCE = 500  # keys deleted in one command
A_DAY = 86_400  # after which somebody may have deployed a new one that does not come


def forget(connection: redis.Redis, keys: Keys, name: str, by: By) -> int:
    """Delete all that is kept of the Clock `name`: how many keys. Jobs that it has queued stay.

    Raises RqclockError when there is none of that name or a process of it lives, redis.RedisError.
    """
    known = clocks(connection, keys.prefix)
    if name not in known:
        raise RqclockError(f"there is no Clock {name!r}{did_you_mean(name, known)}")
    if alive := read_present(connection, keys).processes:
        raise RqclockError(f"a process of {name!r} runs on {alive[0].host} (pid {alive[0].pid}): stop it first")
    found = list(connection.scan_iter(f"{keys.root}*", count=1000))
    for part in slices(found, AT_ONCE):
        connection.unlink(*part)
    if known == [name]:  # nobody must be told that no clock ever came
        connection.set(keys.forgotten, name, ex=A_DAY)
    connection.srem(keys.clocks, name)
    # Its own activity is gone with it, so the log alone keeps who did this.
    log.warning("%s", by.words(f"Clock {name!r} was forgotten, {len(found)} keys,"))
    return len(found)
