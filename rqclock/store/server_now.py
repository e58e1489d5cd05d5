"""What time it is for everything that Redis decides on: its own."""

from __future__ import annotations

from collections.abc import Callable

import redis

Now = Callable[[], float]


def server_now(connection: redis.Redis) -> float:
    """Redis's time in epoch seconds. Raises redis.RedisError."""
    seconds, micros = connection.time()
    return float(seconds + micros / 1e6)


def asking(connection: redis.Redis, now: Now | None) -> Now:
    """Whom to ask for the time: Redis, unless a test says what it is."""
    return now or (lambda: server_now(connection))
