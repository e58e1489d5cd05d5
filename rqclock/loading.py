"""Read a clock file the way `python clock.py` would, but for running it."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from rqclock.application import set_up
from rqclock.clock import Clock
from rqclock.errors import ConfigurationError, Problem, TimetableError, did_you_mean
from rqclock.timetable.schedules import Timetable

MODULE = "rqclock_timetable"
OURS = os.path.dirname(__file__) + os.sep


def load(file: str) -> Timetable:
    """The timetable of a clock file.

    Raises ConfigurationError when the file is missing, is not Python or defines no Clock, and its subclass
    TimetableError with all problems of its lines.
    """
    return load_clock(file).timetable()


def load_clock(file: str) -> Clock:
    """The Clock of a clock file, its lines not judged yet."""
    module = _execute(existing(file))
    clocks = {id(value): value for value in vars(module).values() if isinstance(value, Clock)}
    if not clocks:
        raise ConfigurationError(f"{file}: it defines no Clock; begin with clock = Clock(timezone=…)")
    if len(clocks) > 1:
        raise ConfigurationError(f"{file}: it defines {len(clocks)} Clocks; keep one in a file")
    return next(iter(clocks.values()))


def existing(file: str) -> Path:
    """The path of a clock file that is there. Raises ConfigurationError."""
    path = Path(file)
    if not path.is_file():
        raise ConfigurationError(f"{file}: there is no such clock file; name it with --file or RQCLOCK_FILE")
    return path


def _execute(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(MODULE, path)
    if spec is None or spec.loader is None:
        raise ConfigurationError(f"{path}: a clock file is Python; its name ends in .py")
    set_up()
    module = importlib.util.module_from_spec(spec)
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)  # as Python itself does for `python clock.py`
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise TimetableError([Problem(_name(error.filename, path), error.lineno or 0, f"{error.msg}")]) from None
    except ConfigurationError as error:
        raise TimetableError([_at_line(error, path, str(error))]) from None
    except Exception as error:  # user code may raise anything; people want the line, not our stack
        raise TimetableError([_at_line(error, path, f"{type(error).__name__}: {error}{_meant(error)}")]) from error
    return module


def _meant(error: Exception) -> str:
    """The name that was perhaps meant: Python says it in a traceback only, and people don't get to see that."""
    try:
        return _meant_by(error)
    except Exception:  # what was asked for its names may make them as it is asked: the error alone has to do then
        return ""


def _meant_by(error: Exception) -> str:
    if isinstance(error, AttributeError):
        return _nearest(error.name, _names(error.obj))
    if isinstance(error, NameError):
        *_, (frame, _) = traceback.walk_tb(error.__traceback__)
        return _nearest(error.name, {**frame.f_builtins, **frame.f_globals, **frame.f_locals})
    if isinstance(error, ImportError):
        found = re.match("cannot import name '([^']+)'", str(error))
        return _nearest(found[1] if found else None, _names(sys.modules.get(error.name or "")))
    return ""


def _names(thing: object) -> list[str]:
    """Of an object those of its class: it may make its own as it is asked, and fail at that."""
    return dir(thing) if isinstance(thing, ModuleType | type) else dir(type(thing))


def _nearest(name: str | None, known: Iterable[str]) -> str:
    return did_you_mean(name, [one for one in known if one != name and not one.startswith("_")]) if name else ""


def _at_line(error: BaseException, path: Path, text: str) -> Problem:
    """The problem at the last line of the clock file on the way to the error."""
    theirs = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(OURS)]
    here = path.resolve()
    lines = [frame.lineno for frame in theirs if Path(frame.filename).resolve() == here]
    if not lines:
        return Problem(str(path), 0, text)
    last = theirs[-1]
    away = "" if Path(last.filename).resolve() == here else f" ({_name(last.filename, path)}:{last.lineno})"
    return Problem(_name(str(path), path), lines[-1] or 0, text + away)


def _name(filename: str | None, path: Path) -> str:
    try:
        return str(Path(filename or path).resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(filename or path)
