"""How our processes log: one line an event, on standard output. JSON for machines, plain words on a terminal.

What stands in the line: `at`, `level`, `logger`, `message`; `process` (clock, worker, web), `service`, `environment`,
`release`; on a run of a schedule `schedule`, `tick`, `decision`, `job_id`; in a job `schedule`, `tick`, `job_id`,
`worker`, `attempt`, at its end `duration` in seconds. RQ's, gunicorn's and the application's own loggers go the same
way.
"""

from __future__ import annotations

import logging
import logging.config
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from rqclock.masks import mask_urls, mask_values
from rqclock.settings import unknown

NAMED = {"service": "RQCLOCK_SERVICE", "environment": "RQCLOCK_ENVIRONMENT", "release": "RQCLOCK_RELEASE"}
LEFT_OUT = ("arguments", "kwargs", "func")  # what RQ attaches to an error: a job's arguments are nobody's log
RENAMED = {"levelname": "level", "name": "logger"}

_job: ContextVar[dict[str, Any] | None] = ContextVar("rqclock_job", default=None)
_hidden: tuple[str, ...] = ()  # a process runs one job at a time, but a job may have threads


def config(process: str) -> dict[str, Any]:
    """The configuration for `logging.config.dictConfig`: every logger from INFO on, to standard output."""
    formatter: dict[str, Any] = {"()": "rqclock.logs.Words", "process": process}
    if wants_json():
        formatter = {"()": "rqclock.logs.Json", "process": process}
    through = {"handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "filters": {"job": {"()": "rqclock.logs.JobFacts"}},
        "handlers": {
            "out": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stdout",
                "formatter": "line",
                "filters": ["job"],
            }
        },
        "loggers": {"gunicorn.error": through | {"level": "INFO"}, "gunicorn.access": through | {"level": "INFO"}},
        "root": {"level": "INFO", "handlers": ["out"]},
    }


def set_up(process: str) -> None:
    """Log so in this process, and begin with what has no effect."""
    logging.config.dictConfig(config(process))
    warn_of_unknown()


def warn_of_unknown() -> None:
    """A line for each setting whose name is mistyped: else nobody would see that it is not in force."""
    for line in unknown(os.environ):
        logging.getLogger("rqclock").warning("%s", line)


def wants_json() -> bool:
    """RQCLOCK_LOG says it, `json` or `text`; else whether nobody sits at a terminal."""
    said = os.environ.get("RQCLOCK_LOG", "")
    if said:
        return said == "json"
    return os.environ.get("RQCLOCK_DEVELOPMENT") != "1" and not sys.stdout.isatty()


@contextmanager
def during(facts: dict[str, Any]) -> Iterator[None]:
    """Lines of this job carry its facts."""
    token = _job.set(facts)
    try:
        yield
    finally:
        _job.reset(token)


def job_facts() -> dict[str, Any]:
    """What lines say of the job that runs here; empty outside of one."""
    return _job.get() or _stock_job()


def facts_of(job: Any) -> dict[str, Any]:
    """What lines say of a job, of whatever class."""
    return getattr(job, "facts", None) or {"job_id": job.id, "worker": job.worker_name}


def hide(secrets: Iterable[str]) -> None:
    """No line of this process shows these from now on, until it hides others: those of the next job."""
    global _hidden
    _hidden = tuple(secrets)


def without_secrets(text: str) -> str:
    """The text as it may be shown or kept: no password of a URL, no sensitive argument of the job that runs here."""
    return mask_values(mask_urls(text), _hidden)


class JobFacts(logging.Filter):
    """Puts the running job's facts on each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name in LEFT_OUT:
            record.__dict__.pop(name, None)
        for name, value in job_facts().items():
            record.__dict__.setdefault(name, value)
        return True


class Json(JsonFormatter):
    """One JSON object a line."""

    def __init__(self, process: str) -> None:
        told = {name: os.environ.get(variable, "") for name, variable in NAMED.items()}
        super().__init__(
            "%(levelname)s %(name)s %(message)s",
            rename_fields=RENAMED,
            static_fields={"process": process} | {name: value for name, value in told.items() if value},
            timestamp="at",
            json_ensure_ascii=False,
        )

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


class Words(logging.Formatter):
    """A line for people; under `rqclock dev`, which puts time and process before each line itself, only the rest."""

    def __init__(self, process: str) -> None:
        named = "" if os.environ.get("RQCLOCK_DEVELOPMENT") == "1" else f"%(asctime)s {process} "
        super().__init__(f"{named}%(levelname)-7s %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


def _stock_job() -> dict[str, Any]:
    """The job that RQ's own worker class runs here."""
    module = sys.modules.get("rq.job")
    job = module._current_job.get(None) if module else None
    return facts_of(job) if job else {}
