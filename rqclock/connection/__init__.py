"""The one way to Redis, for every process."""

from __future__ import annotations

from rqclock.connection.causes import lasts, passes
from rqclock.connection.client import application_connection, connect
from rqclock.connection.explanation import address, explain
from rqclock.connection.options import shared_options
from rqclock.connection.renewal import renewed
from rqclock.connection.through_rq import connect_as_rq, rq_config

__all__ = [
    "address",
    "application_connection",
    "connect",
    "connect_as_rq",
    "explain",
    "lasts",
    "passes",
    "renewed",
    "rq_config",
    "shared_options",
]
