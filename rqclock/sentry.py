"""Errors of clock, worker and web in Sentry, where SENTRY_DSN is set and `rqclock[sentry]` is installed.

What is sent holds no argument of any job: no arguments, no local variables, no request bodies; and no value of a secret
setting, nor of an argument that `@job(sensitive=…)` names, wherever it stands.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import fields
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from rqclock.logs import job_facts, without_secrets
from rqclock.masks import SHORTEST, mask_values
from rqclock.settings import Settings

log = logging.getLogger("rqclock.sentry")
FAREWELL = 2.0  # seconds that a process which ends leaves to what is still to be sent
SHORTEST_PART = 8  # characters of a URL's path or query that count as secret
OF_REQUESTS = ("data", "cookies", "query_string", "env")
OF_JOBS = ("args", "kwargs", "description")  # a description is the call, as it is written
_parting: dict[int, logging.Handler] = {}  # process → what flushes at its end: `logging` itself keeps no handler alive
_told: list[str] = []


def start(process: str) -> bool:
    """Send errors from here on, if that is wanted; whether they are sent. An application that has done so itself is
    left as it is."""
    settings = Settings.read(os.environ)
    if not settings.sentry_dsn:
        return False
    try:
        import sentry_sdk
        from sentry_sdk.integrations.rq import RqIntegration
    except ImportError:
        _say_missing()
        return False
    if not sentry_sdk.get_client().is_active():
        scrub = Scrub(secrets_of(settings))
        sentry_sdk.init(
            dsn=settings.sentry_dsn,
            environment=settings.environment or None,
            release=settings.release or None,
            integrations=[RqIntegration()],
            send_default_pii=False,
            include_local_variables=False,
            max_request_body_size="never",
            before_send=scrub.event,
            before_breadcrumb=scrub.breadcrumb,
        )
    for name, value in {"process": process, "service": settings.service}.items():
        if value:
            sentry_sdk.get_global_scope().set_tag(name, value)
    return True


def parts() -> tuple[Callable[[], AbstractContextManager[None]], ...]:
    """What our worker puts around each job, see `rqclock.worker.context`; it begins to send errors."""
    return (around,) if start("worker") else ()


def around() -> AbstractContextManager[None]:
    """Around a job of our worker, whose processes run many: what one leaves behind is not the next one's."""
    return _around()


@contextmanager
def _around() -> Iterator[None]:
    import sentry_sdk

    if os.getpid() not in _parting:
        _parting[os.getpid()] = _Farewell()
    with sentry_sdk.isolation_scope() as scope:
        scope.clear_breadcrumbs()
        yield


class _Farewell(logging.Handler):
    """A work-horse leaves without Python's own farewell; what it does call is `logging.shutdown`, which asks every
    handler there is, also this one that handles nothing."""

    def flush(self) -> None:
        import sentry_sdk

        sentry_sdk.get_client().flush(timeout=FAREWELL)


class Scrub:
    """Takes out of what is sent what nobody may read."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted(secrets, key=len, reverse=True)

    def event(self, event: Any, hint: dict[str, Any]) -> Any:
        """An event as it may be sent; with the job's facts, where one was running."""
        job = _job_of(hint)
        for name in OF_REQUESTS:
            event.get("request", {}).pop(name, None)
        for name in OF_JOBS:
            event.get("extra", {}).get("rq-job", {}).pop(name, None)
        for name, value in facts_of(job).items():
            event.setdefault("tags", {})[name] = value
        secrets = [*self._secrets, *_secrets_of(job)]
        return _changed(event, lambda text: without_secrets(mask_values(text, secrets)))

    def breadcrumb(self, crumb: Any, hint: dict[str, Any]) -> Any:
        """What happened before, likewise: an address that we called may be a secret."""
        return _changed(crumb, lambda text: without_secrets(mask_values(text, self._secrets)))


def secrets_of(settings: Settings) -> set[str]:
    """The texts of all secret settings; of addresses also path and query alone, as libraries take them apart."""
    values = [str(getattr(settings, field.name)) for field in fields(settings) if field.metadata["secret"]]
    urls = [urlsplit(value.partition("{schedule}")[0]) for value in values if "://" in value]
    parts = {part for url in urls for part in (url.path, url.query, url.password or "") if len(part) >= SHORTEST_PART}
    return {value for value in values if len(value) >= SHORTEST} | parts


def facts_of(job: Any) -> dict[str, str]:
    """The tags of an event: the job's, and its schedule and time where our worker runs it."""
    known = {name: str(value) for name, value in job_facts().items() if name != "worker"}
    return known or ({"job_id": str(job.id)} if job is not None else {})


def _job_of(hint: dict[str, Any]) -> Any:
    """The job that raised, found on the way that its error took: by the time that it is sent, it runs no more."""
    place: TracebackType | None = (hint.get("exc_info") or (None, None, None))[2]
    while place is not None:
        found = place.tb_frame.f_locals.get("self")
        if hasattr(found, "func_name") and hasattr(found, "perform"):
            return found
        place = place.tb_next
    return None


def _secrets_of(job: Any) -> list[str]:
    try:
        return list(getattr(job, "secrets", ()))
    except Exception:  # arguments that cannot be read: whatever they raise, the event is to be sent
        return []


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _changed(one, change) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_changed(one, change) for one in value]
    return value


def _say_missing() -> None:
    line = "SENTRY_DSN is set, but sentry-sdk is not installed: errors are not sent; pip install rqclock[sentry]"
    if line not in _told:
        _told.append(line)
        log.error(line)
