"""What a line enqueues: a function that a worker can import, and arguments that reach it unchanged."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from rqclock.errors import ConfigurationError
from rqclock.jobs import job_modules
from rqclock.jobs.arguments import parameters_of, signature_of, takes_any_name
from rqclock.jobs.decorator import options_of, path_of
from rqclock.jobs.option_values import belongs_above
from rqclock.jobs.serializer import why_not_json
from rqclock.timetable import template
from rqclock.timetable.schedules import Target


def read(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], *, clock_file: str) -> Target:
    """The target of a line. Raises ConfigurationError for what would fail in the worker, hours later."""
    _check_importable(function, clock_file)
    _check_arguments(function, args, kwargs)
    options = options_of(function)
    template.check(options)
    job_modules.name(function)
    return Target(path_of(function), args, kwargs, options, parameters_of(function))


def default_name(path: str) -> str:
    """Module's last part and function: `housekeeping.heartbeat`."""
    return ".".join(path.split(".")[-2:])


@lru_cache(maxsize=256)
def first_line(function: Callable[..., Any]) -> str:
    """The first line of the function's docstring: what the schedule does, if its line does not say."""
    doc = inspect.getdoc(function)
    return doc.splitlines()[0].rstrip(".") if doc else ""


def _check_importable(function: Callable[..., Any], clock_file: str) -> None:
    if isinstance(function, str) or not callable(function):
        raise ConfigurationError(f"enqueue({function!r}): pass the function itself, not its name or its result")
    if not hasattr(function, "__qualname__"):
        raise ConfigurationError(f"enqueue({function!r}): a worker can import functions only, this is an object")
    name = function.__qualname__
    if name == "<lambda>":
        raise ConfigurationError("a lambda can't be imported by a worker: write a function in a module of its own")
    if "<locals>" in name:
        raise ConfigurationError(
            f"{name} is defined inside a function: a worker can't import it; move it to a module of its own"
        )
    code = getattr(inspect.unwrap(function), "__code__", None)
    if function.__module__ == "__main__" or (code and _same_file(code.co_filename, clock_file)):
        raise ConfigurationError(
            f"{name} is a function of {clock_file} itself: a worker can't import it; move it to a module of its own"
        )
    if _found(function) is not function:
        raise ConfigurationError(f"{path_of(function)} is not what a worker would find under that name")


def _same_file(one: str, other: str) -> bool:
    return _realpath(os.path.abspath(one)) == _realpath(os.path.abspath(other))


@lru_cache(maxsize=256)
def _realpath(path: str) -> str:
    return os.path.realpath(path)


def _found(function: Callable[..., Any]) -> Any:
    found: Any = sys.modules.get(function.__module__)
    for part in function.__qualname__.split("."):
        found = getattr(found, part, None)
    # a bound method or classmethod is made anew at each look
    return function if found == function else found


def _check_arguments(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    reason = (args and why_not_json(list(args))) or (kwargs and why_not_json(kwargs))
    if reason:
        raise ConfigurationError(f"an argument of {function.__qualname__} can't be carried by JSON: {reason}")
    signature = signature_of(function)
    try:
        if signature:
            signature.bind(*args, **kwargs)
    except TypeError as error:
        hint = signature and _option_of_job(signature, kwargs)
        raise ConfigurationError(hint or f"{function.__qualname__}{signature}: {error}") from None


def _option_of_job(signature: inspect.Signature, kwargs: dict[str, Any]) -> str | None:
    """Where the first of these belongs that are options of `@job`, as RQ's own `enqueue` takes them."""
    if takes_any_name(signature):
        return None
    strange = (belongs_above(name, value) for name, value in kwargs.items() if name not in signature.parameters)
    return next(filter(None, strange), None)
