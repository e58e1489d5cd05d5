"""Making a client of Redis."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from functools import cache
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.connection import Connection, SSLConnection, UnixDomainSocketConnection
from redis.retry import Retry

from rqclock.connection.options import sentinel_options, server_options, shared_options, tls_options
from rqclock.connection.renewal import LIFE, renewed
from rqclock.connection.sentinels import Sentinels
from rqclock.errors import ConfigurationError
from rqclock.settings import Settings

KINDS = {"redis": Connection, "rediss": SSLConnection, "unix": UnixDomainSocketConnection}


def connect(
    settings: Settings,
    role: str,
    *,
    answer_timeout: float | None = None,
    connected: Callable[[], None] | None = None,
) -> redis.Redis:
    """A client of the Redis in `settings.redis_url`, named `rqclock-ROLE` in its client list; replies are bytes.

    `answer_timeout` is in seconds (None: as set). `connected` is called at each new connection: redis-py makes one
    without a word when it finds the old one closed. With Sentinel each new connection asks who is the master; else
    one that led to a replica is made anew, and one that is old, unless `connected` wants to know of each.
    Nothing is sent yet. Retries are off: redis-py's own would send a command again whose reply was lost, and a job
    would be queued twice under one id (seen). Who may repeat a command does so knowingly.
    Raises ConfigurationError when the URL's options cannot be read.
    """
    options: dict[str, Any] = shared_options(settings, role) | {
        "socket_timeout": settings.redis_timeout if answer_timeout is None else answer_timeout,
        "retry": Retry(NoBackoff(), 0),
        "driver_info": None,  # its name and version cost two round trips at each new connection
        "redis_connect_func": _greeting(connected) if connected else None,
    }
    if settings.redis.service:
        return _by_sentinel(settings, options)
    options |= {"connection_class": renewed(KINDS[settings.redis.scheme]), "life": math.inf if connected else LIFE}
    try:
        return redis.Redis.from_url(settings.redis_url, **options, **tls_options(settings))
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"REDIS_URL cannot be used: {error}") from None


def _by_sentinel(settings: Settings, options: dict[str, Any]) -> redis.Redis:
    asking = {name: value for name, value in options.items() if name != "redis_connect_func"}
    sentinels = Sentinels(settings.redis.hosts, sentinel_kwargs=asking | sentinel_options(settings))  # type: ignore[no-untyped-call]
    return sentinels.master_for(settings.redis.service, **options, **server_options(settings))  # type: ignore[no-any-return,no-untyped-call]


def _greeting(connected: Callable[[], None]) -> Callable[[Any], None]:
    def greet(connection: Any) -> None:
        connection.on_connect()
        connected()

    return greet


@cache
def application_connection() -> redis.Redis:
    """The connection of application code that enqueues: made once a process, from the environment."""
    return connect(Settings.read(os.environ), "application")
