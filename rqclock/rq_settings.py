"""Settings of `rq worker -c rqclock.rq_settings` (or RQ_CONFIG), from the variables that all our processes read."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from redis.backoff import NoBackoff
from redis.retry import Retry

from rqclock import sentry
from rqclock.connection import sentinel_options, server_options, tls_options
from rqclock.errors import ConfigurationError
from rqclock.loading import load_clock
from rqclock.logs import config
from rqclock.settings import Settings


def _preload(file: str) -> None:
    """Import what the clock file imports, once, before the worker forks for each job: a fork then has it already.

    A clock file that can't be read is no reason for a worker to stop: `rqclock check` and the clock say so.
    """
    if Path(file).is_file():
        try:
            load_clock(file)
        except ConfigurationError as error:
            logging.getLogger("rqclock.worker").warning("jobs are not preloaded: %s", error)


def url(settings: Settings) -> str | None:
    """The address for RQ, None with Sentinel. RQ takes nothing beside it, but redis-py reads options of TLS in it."""
    if settings.redis.service:
        return None
    options = urlencode(tls_options(settings))
    mark = "&" if "?" in settings.redis_url else "?"
    return f"{settings.redis_url}{mark}{options}" if options else settings.redis_url


def sentinel(settings: Settings) -> dict[str, Any] | None:
    """What RQ's configuration files call SENTINEL; None without."""
    if not settings.redis.service:
        return None
    ours = {"client_name": "rqclock-worker", "socket_connect_timeout": settings.redis_connect_timeout}
    return {
        "INSTANCES": list(settings.redis.hosts),
        "MASTER_NAME": settings.redis.service,
        "SENTINEL_KWARGS": {"retry": Retry(NoBackoff(), 0)} | sentinel_options(settings),
        "CONNECTION_KWARGS": ours | server_options(settings),
    }


try:
    _settings = Settings.read(os.environ)
except ConfigurationError as error:
    sys.exit(f"rqclock: {error}")

REDIS_URL = url(_settings)
SENTINEL = sentinel(_settings)
QUEUES = list(_settings.queues)
DICT_CONFIG = config("worker")
sentry.start("worker")
_preload(_settings.file)
