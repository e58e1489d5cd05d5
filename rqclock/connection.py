"""The one way to Redis, for every process."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from rqclock.errors import ConfigurationError, RedisUnavailable
from rqclock.settings import Settings


def connect(
    settings: Settings,
    role: str,
    *,
    answer_timeout: float | None = None,
    connected: Callable[[], None] | None = None,
) -> redis.Redis:
    """A client of the Redis in `settings.redis_url`, named `rqclock-ROLE` in its client list; replies are bytes.

    `answer_timeout` is in seconds (None: as set). `connected` is called at each new connection: redis-py makes one
    without a word when it finds the old one closed. With Sentinel each new connection asks who is the master.
    Nothing is sent yet. Retries are off: redis-py's own would send a command again whose reply was lost, and a job
    would be queued twice under one id (seen). Who may repeat a command does so knowingly.
    Raises ConfigurationError when the URL's options cannot be read.
    """
    options: dict[str, Any] = {
        "socket_connect_timeout": settings.redis_connect_timeout,
        "socket_timeout": settings.redis_timeout if answer_timeout is None else answer_timeout,
        "retry": Retry(NoBackoff(), 0),
        "client_name": f"rqclock-{role}",
        "protocol": 2,
        "driver_info": None,  # its name and version cost two round trips at each new connection
        "redis_connect_func": _greeting(connected) if connected else None,
    }
    if settings.redis.service:
        return _by_sentinel(settings, options)
    try:
        return redis.Redis.from_url(settings.redis_url, **options, **tls_options(settings))
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"REDIS_URL cannot be used: {error}") from None


def _by_sentinel(settings: Settings, options: dict[str, Any]) -> redis.Redis:
    asking = {name: options[name] for name in ("socket_connect_timeout", "socket_timeout", "retry")}
    sentinels = Sentinel(settings.redis.hosts, sentinel_kwargs=asking | sentinel_options(settings))  # type: ignore[no-untyped-call]
    return sentinels.master_for(settings.redis.service, **options, **server_options(settings))  # type: ignore[no-any-return,no-untyped-call]


def server_options(settings: Settings) -> dict[str, Any]:
    """What a server that Sentinel names wants to know of us, in redis-py's words."""
    where = settings.redis
    return {"db": where.database, "username": where.username, "password": where.password, "ssl": where.tls} | (
        tls_options(settings)
    )


def sentinel_options(settings: Settings) -> dict[str, Any]:
    """What the Sentinels themselves want to know of us."""
    person = {"username": settings.sentinel_username or None, "password": settings.sentinel_password or None}
    return person | {"ssl": settings.redis.tls} | tls_options(settings)


def tls_options(settings: Settings) -> dict[str, Any]:
    """How Redis's certificate is verified, and ours shown; empty without TLS, or where nothing is set."""
    if not settings.redis.tls:
        return {}
    files = {
        "ssl_ca_certs": settings.redis_ca_file,
        "ssl_certfile": settings.redis_cert_file,
        "ssl_keyfile": settings.redis_key_file,
    }
    verified: dict[str, dict[str, Any]] = {
        "full": {},
        "chain": {"ssl_check_hostname": False},
        "none": {"ssl_check_hostname": False, "ssl_cert_reqs": "none"},
    }
    return {name: path for name, path in files.items() if path} | verified[settings.redis_verify]


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
    if _is_distrusted(error):
        return RedisUnavailable(
            f"the certificate of Redis at {where} is not accepted ({_short(error)}): "
            "REDIS_CA_FILE names who signed it, REDIS_VERIFY says what is verified"
        )
    return RedisUnavailable(f"Redis at {where} cannot be reached ({_short(error)}): is it running, is REDIS_URL right?")


def address(settings: Settings) -> str:
    """Host, port and database of REDIS_URL, never its user or password."""
    return settings.redis.shown


def is_misconfigured(error: redis.RedisError) -> bool:
    """Whether waiting cannot help: a wrong password stays wrong."""
    wrong_password = isinstance(error, redis.AuthenticationError) or "NOAUTH" in str(error) or "WRONGPASS" in str(error)
    return wrong_password or _is_distrusted(error)


def _is_distrusted(error: redis.RedisError) -> bool:
    return "CERTIFICATE_VERIFY_FAILED" in str(error)


def _short(error: BaseException) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__
