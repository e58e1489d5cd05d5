"""How our processes log: one line an event, on standard output."""

from __future__ import annotations

import logging.config
import os
from typing import Any


def config(process: str) -> dict[str, Any]:
    """The configuration for `logging.config.dictConfig`: the application's own loggers from INFO on, and ours."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"format": _line(process), "datefmt": "%H:%M:%S"},
        },
        "handlers": {"out": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "line"}},
        "root": {"level": "INFO", "handlers": ["out"]},
    }


def _line(process: str) -> str:
    """Under `rqclock dev`, which puts time and process before each line itself, only the rest."""
    named = "" if os.environ.get("RQCLOCK_DEVELOPMENT") == "1" else f"%(asctime)s {process} "
    return f"{named}%(levelname)-7s %(message)s"


def set_up(process: str) -> None:
    """Log so in this process."""
    logging.config.dictConfig(config(process))
