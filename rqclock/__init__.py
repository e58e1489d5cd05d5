"""rqclock: the clock for RQ. See `rqclock/README.md` for the promises and how they are kept."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from rqclock import early_stop
from rqclock.version import __version__ as __version__

if TYPE_CHECKING:
    from rqclock.clock import Clock
    from rqclock.jobs.decorator import job
    from rqclock.jobs.rq_job import Job
    from rqclock.jobs.scheduler import Scheduler
    from rqclock.store.ticks import CurrentTick, current_tick
    from rqclock.worker import Worker

__all__ = ["Clock", "CurrentTick", "Job", "Scheduler", "Worker", "current_tick", "job"]

_HOMES = {
    "Clock": "rqclock.clock",
    "job": "rqclock.jobs.decorator",
    "Job": "rqclock.jobs.rq_job",
    "Worker": "rqclock.worker",
    "current_tick": "rqclock.store.ticks",
    "CurrentTick": "rqclock.store.ticks",
    "Scheduler": "rqclock.jobs.scheduler",
}


if os.environ.get("RQ_KEY_PREFIX") == "":  # empty is unset, as with every setting; RQ takes it for a mistake
    del os.environ["RQ_KEY_PREFIX"]


def check_prefix() -> None:
    """Exit with code 2 and one line where RQ, which reads its prefix while it is imported, would be a traceback."""
    from rqclock.settings.types import KEY_PREFIX

    prefix = os.environ.get("RQ_KEY_PREFIX", "rq")
    try:
        KEY_PREFIX.read(prefix)
    except ValueError as error:
        print(f"RQ_KEY_PREFIX {prefix!r} {error}", file=sys.stderr)
        raise SystemExit(2) from None


def __getattr__(name: str) -> Any:
    """Each name is loaded when first asked for: a probe must not pay for redis and rq, nor a worker for the DSL."""
    if name not in _HOMES:
        raise AttributeError(f"module 'rqclock' has no attribute {name!r}")
    check_prefix()
    if name == "Clock":  # a clock file asks for it first, and then imports the application's modules
        if early_stop.is_asked_by_program():
            early_stop.end_well()
        _set_up_application()
    globals()[name] = found = getattr(import_module(_HOMES[name]), name)
    return found


def _set_up_application() -> None:
    from rqclock.application import set_up
    from rqclock.errors import ConfigurationError

    try:
        set_up()
    except ConfigurationError as error:
        print(f"rqclock: {error}", file=sys.stderr)
        raise SystemExit(2) from error
