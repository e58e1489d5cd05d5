"""A call that cannot work is refused where it is made, and not in a worker three attempts later."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any

from rqclock.jobs.serializer import why_not_json


def check_call(function: Callable[..., Any] | str, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Raise TypeError for arguments that JSON cannot carry, or that the function (called `name`) does not take."""
    reason = why_not_json(list(args)) or why_not_json(dict(kwargs))
    if reason:
        raise TypeError(f"{name}: an argument cannot be carried by JSON: {reason}")
    signature = None if isinstance(function, str) else signature_of(function)
    try:
        if signature:
            signature.bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"{name}{signature}: {error}") from None


@lru_cache(maxsize=256)  # a function is often that of many lines
def signature_of(function: Callable[..., Any]) -> inspect.Signature | None:
    """None for what has none to be looked at, such as a builtin: the worker will see."""
    try:
        return inspect.signature(function)
    except ValueError:
        return None


def check_delay(name: str, delay: object) -> None:
    """Raise TypeError for what is no timedelta: of a number nobody knows whether it is seconds."""
    if not isinstance(delay, timedelta):
        raise TypeError(f"{name}.enqueue_in({delay!r}): say a timedelta, such as timedelta(minutes=5)")
