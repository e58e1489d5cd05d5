"""Before RQ asks Redis for the first time: a worker that starts waits for a Redis that does not answer or refuses, and
while workers are suspended.

RQ's command ends with 1 then, and a platform that starts it again and again lets it wait longer each time.
"""

from __future__ import annotations

import logging
import time
from contextlib import closing

import redis
from rq.suspension import WORKERS_SUSPENDED, is_suspended

from rqclock.connection import connect_as_rq, explain, lasts, passes
from rqclock.settings import Settings
from rqclock.worker.trouble import ride_out

LOOK = 1.0  # seconds between two looks whether workers are still suspended, as in RQ's own loop
NOWHERE = f"{WORKERS_SUSPENDED}:nothing"  # a list that nobody writes

log = logging.getLogger("rqclock.worker")


def wait(settings: Settings, *, burst: bool) -> None:
    """Until Redis takes commands and workers are not suspended; a burst leaves it to RQ to say that they are.

    Raises RedisUnavailable when waiting cannot help, ConfigurationError for options that cannot be read.
    """
    with closing(connect_as_rq(settings)) as connection:
        suspended = _ask(connection, settings)
        if not suspended or burst:
            return
        log.warning("workers are suspended by `rq suspend`: waiting for `rq resume`")
        while suspended:
            time.sleep(LOOK)
            suspended = _ask(connection, settings)
        log.info("workers are suspended no more: starting")


def _ask(connection: redis.Redis, settings: Settings) -> bool:
    """Whether workers are suspended, as soon as Redis would take a worker's first writes."""

    def ask() -> bool:
        try:
            connection.lmove(NOWHERE, NOWHERE)  # moves nothing, and is refused where a write would be
            return bool(is_suspended(connection))
        except redis.RedisError as error:
            if passes(error) and not lasts(error):
                raise
            raise explain(error, settings) from None

    return ride_out(ask, time.sleep, told=lambda error: str(explain(error, settings)))
