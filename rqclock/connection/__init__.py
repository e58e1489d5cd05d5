"""The one way to Redis, for every process."""

from __future__ import annotations

from rqclock.connection.client import application_connection, connect
from rqclock.connection.explanation import address, explain, is_misconfigured
from rqclock.connection.options import sentinel_options, server_options, tls_options
from rqclock.connection.renewal import renewed

__all__ = [
    "address",
    "application_connection",
    "connect",
    "explain",
    "is_misconfigured",
    "renewed",
    "sentinel_options",
    "server_options",
    "tls_options",
]
