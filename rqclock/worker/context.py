"""What the application needs around each job in a process that is kept: its context, and no stale connection.

A forked process for each job had all this for nothing: it began anew. A kept one must not see what the last job left,
nor a database connection that the server has closed meanwhile.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from rq.job import Job

from rqclock.worker import sql_pools

log = logging.getLogger("rqclock.worker")


class Surroundings:
    """`parts` is what the application's set-up returned."""

    def __init__(self, parts: tuple[Any, ...] = ()) -> None:
        self._parts = parts
        self._inherited: list[Any] = []  # kept: the parent's connections must not be closed from here
        sql_pools.watch()

    def enter_horse(self) -> None:
        """In a new process, before its first job."""
        for connection in _django_connections():
            self._inherited.append(connection.connection)
            connection.connection = None

    @contextmanager
    def around(self, job: Job) -> Iterator[None]:
        """Around one job, its callbacks included. Raises what the application's own context raises at its start."""
        sql_pools.watch()
        sql_pools.next_job()
        _close_stale()
        before = ExitStack()
        for part in self._parts:
            _enter(part, before)
        try:
            yield
        finally:
            for leave in (before.close, _close_old):
                _leave(leave)


def _enter(part: Any, stack: ExitStack) -> None:
    if hasattr(part, "app_context"):
        stack.enter_context(part.app_context())
    elif hasattr(part, "remove") and hasattr(part, "registry"):
        part.remove()
        stack.callback(part.remove)
    elif callable(part):
        stack.enter_context(part())


def _leave(step: Callable[[], None]) -> None:
    try:
        step()
    except Exception:  # the job has ended and is written; what the application does after it cannot change that
        log.exception("after a job: the application's context")


def _django_connections() -> list[Any]:
    """Django's open connections in this process."""
    conf = sys.modules.get("django.conf")
    if conf is None or not conf.settings.configured or "django.db" not in sys.modules:
        return []
    from django.db import connections

    return [connection for connection in connections.all(initialized_only=True) if connection.connection is not None]


def _close_stale() -> None:
    """Close what the server has closed: Django itself would notice at the first query, by failing."""
    for connection in _django_connections():
        connection.close_if_unusable_or_obsolete()
        if connection.connection is not None and not connection.is_usable():
            connection.close()


def _close_old() -> None:
    for connection in _django_connections():
        connection.close_if_unusable_or_obsolete()
