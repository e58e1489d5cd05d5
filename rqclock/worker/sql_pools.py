"""SQLAlchemy's pools in a kept process: a connection that another job used is tried before it is used again.

An engine's own `pool_pre_ping=True` does this at each use; most applications were written for processes that end.
"""

from __future__ import annotations

import os
import sys
from typing import Any

MARK = "rqclock"
_watched = False
_job = 0


def watch() -> None:
    """Watch all pools, present and future, if the application uses SQLAlchemy."""
    global _watched
    if _watched or "sqlalchemy.pool" not in sys.modules:
        return
    _watched = True
    from sqlalchemy import event
    from sqlalchemy.pool import Pool

    event.listen(Pool, "connect", _made)
    event.listen(Pool, "checkout", _taken)


def next_job() -> None:
    """Another job begins."""
    global _job
    _job += 1


def _made(connection: Any, record: Any) -> None:
    record.info[MARK] = os.getpid(), _job


def _taken(connection: Any, record: Any, proxy: Any) -> None:
    mark = record.info.get(MARK)
    if mark == (os.getpid(), _job):
        return
    from sqlalchemy.exc import DisconnectionError

    if mark is None or mark[0] != os.getpid():
        record.dbapi_connection = proxy.dbapi_connection = None  # the parent's, made before the fork: not ours to close
        raise DisconnectionError("this connection belongs to the process before the fork")
    record.info[MARK] = os.getpid(), _job
    if not _answers(connection, proxy):
        raise DisconnectionError("the database has closed this connection")  # the pool makes another one


def _answers(connection: Any, proxy: Any) -> bool:
    dialect = proxy._pool._dialect  # the only place where the way to ask is known for each database
    try:
        return bool(dialect.do_ping(connection))
    except dialect.loaded_dbapi.Error:
        return False
