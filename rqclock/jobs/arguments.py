"""A call that cannot work is refused where it is made, and not in a worker three attempts later."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from rqclock.errors import ConfigurationError, did_you_mean
from rqclock.jobs.serializer import why_not_json

GATHERING = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)

Parameters = tuple[tuple[str, str, bool], ...]  # name, kind as `inspect` calls it, whether it has a default


def check_call(function: Callable[..., Any] | str, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Raise TypeError for arguments that JSON cannot carry, or that the function (called `name`) does not take."""
    reason = why_not_json(list(args)) or why_not_json(dict(kwargs))
    if reason:
        raise TypeError(f"{name}: an argument cannot be carried by JSON: {reason}")
    signature = None if isinstance(function, str) else signature_of(function)
    if signature and (problem := _mismatch(signature, args, kwargs)):
        raise TypeError(f"{name}{signature}: {problem}")


def parameters_of(function: Callable[..., Any]) -> Parameters | None:
    """What it takes, for whoever has not loaded it; None for what has no signature."""
    signature = signature_of(function)
    if signature is None:
        return None
    return tuple((one.name, one.kind.name, one.default is not one.empty) for one in signature.parameters.values())


def why_not_taken(parameters: Parameters, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str | None:
    """Why a function with these parameters does not take these arguments; None if it does.

    >>> why_not_taken((("region", "POSITIONAL_OR_KEYWORD", False), ("days", "KEYWORD_ONLY", True)), ["north"], {"d": 1})
    "(region, *, days=…): got an unexpected keyword argument 'd'"
    """
    signature = inspect.Signature([_parameter(*one) for one in parameters])
    problem = _mismatch(signature, args, kwargs)
    return f"{signature}: {problem}" if problem else None


class _Default:
    """In the place of a default, which may be anything."""

    def __repr__(self) -> str:
        return "…"


def _parameter(name: str, kind: str, optional: bool) -> inspect.Parameter:
    default = _Default() if optional else inspect.Parameter.empty
    return inspect.Parameter(name, getattr(inspect.Parameter, kind), default=default)


def _mismatch(signature: inspect.Signature, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str | None:
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        return str(error)
    return None


@lru_cache(maxsize=256)  # a function is often that of many lines
def signature_of(function: Callable[..., Any]) -> inspect.Signature | None:
    """None for what has none to be looked at, such as a builtin: the worker will see."""
    return _signature(function)


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def check_names(function: Callable[..., Any], names: Sequence[str]) -> None:
    """Raise ConfigurationError for a sensitive argument that the function does not take: a typo would hide nothing."""
    signature = _signature(function) if names else None
    if signature is None:
        return
    for name in names:
        if name in signature.parameters and signature.parameters[name].kind in GATHERING:
            raise ConfigurationError(
                f"@job(sensitive=…): {name!r} of {function.__qualname__} gathers arguments and cannot be hidden as a "
                "whole: give what is to be hidden an argument of its own"
            )
        if name not in signature.parameters and not takes_any_name(signature):
            near = did_you_mean(name, signature.parameters)
            raise ConfigurationError(f"@job(sensitive=…): {function.__qualname__} takes no argument {name!r}{near}")


def check_condition(condition: Callable[[datetime], bool]) -> None:
    """Raise ConfigurationError for one that cannot be called with the local time of a run alone."""
    signature = _signature(condition)
    problem = _mismatch(signature, [None], {}) if signature else None
    if problem:
        called = f"{getattr(condition, '__qualname__', type(condition).__name__)}{signature}"
        raise ConfigurationError(
            f"if_: {called} is asked with the local time alone ({problem}): "
            "say a function of it, such as lambda t: t.day <= 7"
        )


def takes_any_name(signature: inspect.Signature) -> bool:
    """Whether it has a `**kwargs`."""
    return any(one.kind is one.VAR_KEYWORD for one in signature.parameters.values())


def check_delay(name: str, delay: object) -> None:
    """Raise TypeError for what is no timedelta: of a number nobody knows whether it is seconds."""
    if not isinstance(delay, timedelta):
        raise TypeError(f"{name}.enqueue_in({delay!r}): say a timedelta, such as timedelta(minutes=5)")
