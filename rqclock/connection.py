"""The one way to Redis, for every process."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from rqclock.errors import ConfigurationError, RedisUnavailable
from rqclock.settings import Settings

CONNECT_TIMEOUT = 3.0
ANSWER_TIMEOUT = 5.0


def connect(
    settings: Settings,
    role: str,
    *,
    answer_timeout: float = ANSWER_TIMEOUT,
    connected: Callable[[], None] | None = None,
) -> redis.Redis:
    """A client of the Redis in `settings.redis_url`, named `rqclock-ROLE` in its client list; replies are bytes.

    `connected` is called at each new connection: redis-py makes one without a word when it finds the old one closed.
    Nothing is sent yet. Retries are off: redis-py's own would send a command again whose reply was lost, and a job
    would be queued twice under one id (seen). Who may repeat a command does so knowingly.
    Raises ConfigurationError when the URL's options cannot be read.
    """
    try:
        return redis.Redis.from_url(
            settings.redis_url,
            socket_connect_timeout=CONNECT_TIMEOUT,
            socket_timeout=answer_timeout,
            retry=Retry(NoBackoff(), 0),
            client_name=f"rqclock-{role}",
            protocol=2,
            redis_connect_func=_greeting(connected) if connected else None,
        )
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"REDIS_URL cannot be used: {error}") from None


def _greeting(connected: Callable[[], None]) -> Callable[[Any], None]:
    def greet(connection: Any) -> None:
        connection.on_connect()
        connected()

    return greet


@cache
def application_connection() -> redis.Redis:
    """The connection of application code that enqueues: made once a process, from the environment."""
    return connect(Settings.read(os.environ), "application")


def explain(error: redis.RedisError, settings: Settings) -> RedisUnavailable:
    """The error in one line with its remedy, and without the password."""
    where = address(settings)
    if isinstance(error, (redis.AuthenticationError, redis.exceptions.AuthorizationError)) or "NOAUTH" in str(error):
        return RedisUnavailable(f"Redis at {where} refused the user name or password in REDIS_URL ({_short(error)})")
    return RedisUnavailable(f"Redis at {where} cannot be reached ({_short(error)}): is it running, is REDIS_URL right?")


def address(settings: Settings) -> str:
    """Host, port and database of REDIS_URL, never its user or password."""
    from urllib.parse import urlsplit

    parts = urlsplit(settings.redis_url)
    if parts.scheme == "unix":
        return parts.path
    return f"{parts.hostname}:{parts.port or 6379}{parts.path}"


def is_misconfigured(error: redis.RedisError) -> bool:
    """Whether waiting cannot help: a wrong password stays wrong."""
    text = str(error)
    return isinstance(error, redis.AuthenticationError) or any(word in text for word in ("NOAUTH", "WRONGPASS"))


def _short(error: BaseException) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__
