"""Settings of `rq worker -c rqclock.rq_settings` (or RQ_CONFIG), from the variables that all our processes read."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import click

from rqclock import early_stop, sentry
from rqclock.application import set_up as set_up_application
from rqclock.connection import rq_config
from rqclock.errors import ConfigurationError, RqclockError
from rqclock.loading import load_clock
from rqclock.logs import config, set_up
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


def _wait_for_redis(settings: Settings, command: click.Context) -> None:
    from rqclock.worker import arrival  # the worker's own code, which `rq info` can do without

    if not command.params.get("url"):  # which RQ would take in place of ours
        arrival.wait(settings, burst=bool(command.params.get("burst")))


def _starting_worker() -> click.Context | None:
    """`rq worker`, if that is what reads this; `rq info`, `rq empty` and their like are to answer at once."""
    command = click.get_current_context(silent=True)
    return command if command is not None and command.info_name == "worker" else None


_worker = _starting_worker()
if _worker is not None:
    early_stop.end_well()
try:
    _settings = Settings.read(os.environ)
    if _worker is not None:
        set_up("worker")
    _redis = rq_config(_settings, "rq" if _worker is None else "worker")
    REDIS_URL, SENTINEL = _redis["REDIS_URL"], _redis["SENTINEL"]
    QUEUES = list(_settings.queues)
    DICT_CONFIG = config("worker")
    sentry.start("worker")
    if _worker is not None:
        set_up_application()
    _preload(_settings.file)
    if _worker is not None:
        _wait_for_redis(_settings, _worker)
except RqclockError as _error:
    print(f"rqclock: {_error}", file=sys.stderr)
    sys.exit(2)
