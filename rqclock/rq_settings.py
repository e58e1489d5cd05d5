"""Settings of `rq worker -c rqclock.rq_settings` (or RQ_CONFIG), from the variables that all our processes read."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

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


try:
    _settings = Settings.read(os.environ)
except ConfigurationError as error:
    sys.exit(f"rqclock: {error}")

REDIS_URL = _settings.redis_url
QUEUES = list(_settings.queues)
DICT_CONFIG = config("worker")
_preload(_settings.file)
