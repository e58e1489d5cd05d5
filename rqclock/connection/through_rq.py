"""The connection that RQ's own commands make of a configuration file: theirs to make, and yet as all others of ours."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from rqclock.connection.options import sentinel_options, server_options, shared_options, tls_options
from rqclock.errors import ConfigurationError
from rqclock.settings import Settings


def rq_config(settings: Settings, role: str = "worker") -> dict[str, Any]:
    """What a configuration file of RQ says of Redis; its connections are named `rqclock-ROLE`.

    Beside an address RQ takes no options, but redis-py reads them in it. A worker of RQ's waits longer for an answer
    than is said here, for it may wait minutes for a job.
    """
    options = shared_options(settings, role) | {"socket_timeout": settings.redis_timeout}
    if settings.redis.service:
        return {"REDIS_URL": None, "SENTINEL": _sentinel(settings, options)}
    mark = "&" if "?" in settings.redis_url else "?"
    return {"REDIS_URL": settings.redis_url + mark + urlencode(options | tls_options(settings)), "SENTINEL": None}


def connect_as_rq(settings: Settings, *, answer_timeout: float | None = None) -> redis.Redis:
    """The client with which a worker of RQ's begins. `answer_timeout` in seconds (None: as set).

    Nothing is sent yet. Raises ConfigurationError when the URL's options cannot be read.
    """
    from rq.cli.helpers import get_redis_from_config  # it brings all of RQ's commands along

    try:
        client: redis.Redis = get_redis_from_config(rq_config(settings))  # type: ignore[no-untyped-call]
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"REDIS_URL cannot be used: {error}") from None
    if answer_timeout is not None:
        client.connection_pool.connection_kwargs["socket_timeout"] = answer_timeout
    return client


def _sentinel(settings: Settings, options: dict[str, Any]) -> dict[str, Any]:
    return {
        "INSTANCES": list(settings.redis.hosts),
        "MASTER_NAME": settings.redis.service,
        "SENTINEL_KWARGS": options | {"retry": Retry(NoBackoff(), 0)} | sentinel_options(settings),
        "CONNECTION_KWARGS": options | server_options(settings),
    }
