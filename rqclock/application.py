"""RQCLOCK_SETUP: the application's own set-up, run once in clock and worker before any of its modules is imported.

It names a function, `app.setup` or `django.setup`. What the function returns is put around each job, see
`rqclock.worker.context`: nothing, a Flask application, a SQLAlchemy `scoped_session`, a function that makes a context
manager, or a tuple of these.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

from rqclock.errors import ConfigurationError

VARIABLE = "RQCLOCK_SETUP"
_done: list[Any] = []


def set_up() -> tuple[Any, ...]:
    """What the set-up returned, as a tuple; run at the first call. Raises ConfigurationError with one line."""
    path = os.environ.get(VARIABLE, "")
    if not path:
        return ()
    if not _done:
        _done.append(())  # first: what it imports may ask for the clock, and so come here again
        _done[0] = _call(path)
    found = _done[0]
    return found if isinstance(found, tuple) else (found,) if found is not None else ()


def _call(path: str) -> Any:
    module, _, function = path.replace(":", ".").rpartition(".")
    if not module:
        raise ConfigurationError(f"{VARIABLE}={path}: name a function with its module, such as app.setup")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # the console script `rq` does not look where it was started
    try:
        return getattr(import_module(module), function)()
    except Exception as error:  # user code may raise anything; people want the line
        _done.clear()
        raise ConfigurationError(f"{VARIABLE}={path}: {type(error).__name__}: {error}") from error
