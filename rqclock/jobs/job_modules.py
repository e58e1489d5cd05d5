"""Which functions a job may name: those of modules that the timetable or `@job` names, and of RQCLOCK_JOB_MODULES.

A job in Redis is text, and its first word is what a worker imports and calls. Without a list, whoever can write to
Redis needs one line, `["os.system", null, ["…"], {}]`. Nothing outside the list is imported, and a name that only
passes through a listed module (`workers.mail.os.system`) is refused by where its function was defined.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from rqclock.errors import RqclockError

VARIABLE = "RQCLOCK_JOB_MODULES"
_named: set[str] = set()
_functions: dict[str, Callable[..., Any]] = {}  # path → one that our code has named of Python's own modules


class JobRefused(RqclockError):
    """A job that names a function it may not name."""


def name(function: Callable[..., Any]) -> None:
    """Jobs may name functions of this one's module: our own code has named it.

    Of one of Python's own modules only this one: a line that enqueues `print` must not open `builtins.eval`.
    """
    module = function.__module__
    if module.partition(".")[0] in sys.stdlib_module_names and module != "__main__":
        _functions[f"{module}.{function.__qualname__}"] = function
    else:
        _named.add(module)


def resolve(path: str) -> Callable[..., Any]:
    """The function of a job's path. Raises JobRefused before anything is imported that is not allowed."""
    try:
        return _resolve(path, os.environ.get(VARIABLE, ""))
    except JobRefused:
        if not _read_timetable():
            raise
        return _resolve(path, os.environ.get(VARIABLE, ""))


def allows(module: str, listed: str) -> bool:
    """Whether functions of the module may be named; `listed` is the setting: `app.tasks`, or `app.*` for all below.

    >>> allows("app.tasks.mail", "app.tasks, other.*"), allows("other.jobs", "app.tasks, other.*")
    (False, True)
    """
    return module in _named or any(_matches(module, entry) for entry in _entries(listed))


def _resolve(path: str, listed: str) -> Callable[..., Any]:
    if path in _functions:
        return _functions[path]
    parts = path.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        module = ".".join(parts[:cut])
        if allows(module, listed):
            try:
                found: Any = import_module(module)
            except ModuleNotFoundError as error:
                if error.name and (module == error.name or module.startswith(f"{error.name}.")):
                    continue  # a class, perhaps: app.tasks.Letters.send
                raise
            return _walk(path, found, parts[cut:], listed)
    raise _refusal(path, ".".join(parts[:-1]))


def _walk(path: str, found: Any, names: list[str], listed: str) -> Callable[..., Any]:
    for part in names:
        if part.startswith("__"):
            raise JobRefused(f"a job may not name {path}: {part} is none of its functions")
        try:
            found = getattr(found, part)
        except AttributeError:
            raise JobRefused(f"a job names {path}, and there is no {part}") from None
    home = getattr(found, "__module__", None)
    if not callable(found) or not isinstance(home, str) or not allows(home, listed):
        raise _refusal(path, home if isinstance(home, str) else type(found).__module__)
    function: Callable[..., Any] = found
    return function


def _refusal(path: str, module: str) -> JobRefused:
    return JobRefused(
        f"a job may not name {path[:200]}: neither the timetable nor an @job of this worker names module"
        f" {module[:200] or path[:200]}; if it is yours, add it to {VARIABLE}"
    )


@lru_cache(maxsize=8)
def _entries(listed: str) -> tuple[str, ...]:
    return tuple(entry.strip() for entry in listed.split(",") if entry.strip())


def _matches(module: str, entry: str) -> bool:
    if entry.endswith(".*"):
        return module == entry[:-2] or module.startswith(entry[:-1])
    return entry in (module, "*")


@lru_cache(maxsize=1)
def _read_timetable() -> bool:
    """Have the timetable name its modules, where the worker was started without `-c rqclock.rq_settings`; once."""
    file = os.environ.get("RQCLOCK_FILE") or "clock.py"
    if not Path(file).is_file():
        return False
    try:
        import_module("rqclock.loading").load_clock(file)  # by its name: it stands above us, and is needed rarely
    except RqclockError:  # the clock and `rqclock check` tell why
        return False
    return True
