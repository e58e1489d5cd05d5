"""What time it is for everything that is decided in Redis: Redis's own, but for a jump that the clocks hold back."""

from __future__ import annotations

from collections.abc import Callable

import redis

from rqclock.store.keys import Keys
from rqclock.store.presence import held_by, is_led
from rqclock.store.replies import texts

Now = Callable[[], float]


def server_now(connection: redis.Redis) -> float:
    """Redis's time in epoch seconds. Raises redis.RedisError."""
    seconds, micros = connection.time()
    return float(seconds + micros / 1e6)


def clocks_now(connection: redis.Redis, keys: Keys) -> float:
    """The time by which the leading clock goes, in epoch seconds. Raises redis.RedisError.

    It is Redis's, until that jumps: then runs fall due as before, and what people ask and order must mean the same.
    """
    pipeline = connection.pipeline(transaction=False)
    pipeline.time()
    pipeline.hgetall(keys.named("lease"))
    (seconds, micros), lease = pipeline.execute()
    server, told = float(seconds + micros / 1e6), texts(lease)
    return server - held_by(told) if is_led(told, server) else server


def asking(connection: redis.Redis, keys: Keys, now: Now | None) -> Now:
    """Whom to ask for the clocks' time: Redis, unless a test says what it is."""
    return now or (lambda: clocks_now(connection, keys))
