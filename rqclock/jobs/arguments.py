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
DEEPEST = 20  # wrappers around one function: some wrap themselves

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


def _signature(function: Callable[..., Any], *, inner: bool = True) -> inspect.Signature | None:
    """Of the function that it wraps, or of the wrapper itself."""
    try:
        return inspect.signature(function, follow_wrapped=inner)
    except (TypeError, ValueError):
        return None


def _layers(function: Callable[..., Any]) -> list[inspect.Signature]:
    """What the innermost function takes, then what each wrapper takes: it may fill in arguments, or have its own.

    Empty where the innermost has nothing to be looked at.
    """
    innermost = _signature(function)
    if innermost is None:
        return []
    wrappers = [function]
    while hasattr(wrappers[-1], "__wrapped__") and len(wrappers) < DEEPEST:
        wrappers.append(wrappers[-1].__wrapped__)
    own = (_signature(wrapper, inner=False) for wrapper in wrappers)
    return [innermost, *filter(None, own)]


def check_names(function: Callable[..., Any], names: Sequence[str]) -> None:
    """Raise ConfigurationError for a sensitive argument that the function does not take: a typo would hide nothing."""
    layers = _layers(function) if names else []
    for name in names if layers else ():
        if problem := _why_not_hidden(name, layers, _called(function)):
            raise ConfigurationError(f"@job(sensitive=…): {problem}")


def _why_not_hidden(name: str, layers: Sequence[inspect.Signature], called: str) -> str | None:
    """What a wrapper's `**kwargs` gathers goes on to the innermost function, so it makes no name known."""
    innermost = layers[0].parameters.get(name)
    kinds = {layer.parameters[name].kind for layer in layers if name in layer.parameters}
    if inspect.Parameter.KEYWORD_ONLY in kinds or (innermost and innermost.kind not in GATHERING):
        return None
    if innermost:
        return (
            f"{name!r} of {called} gathers arguments and cannot be hidden as a "
            "whole: give what is to be hidden an argument of its own"
        )
    if takes_any_name(layers[0]):
        return None
    if kinds.difference(GATHERING):  # hidden by the place it has in the innermost function, it would be shown
        return f"{name!r} is an argument of a decorator of {called}: make it keyword-only there (*, {name})"
    known = [one.name for layer in layers for one in layer.parameters.values() if one.kind not in GATHERING]
    return f"{called} takes no argument {name!r}{did_you_mean(name, known)}"


def _called(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__qualname__", type(function).__name__))  # a partial or an instance has no such name


def check_condition(condition: Callable[[datetime], bool]) -> None:
    """Raise ConfigurationError for one that cannot be called with the local time of a run alone."""
    layers = _layers(condition)[:2]  # it is the outermost wrapper that is asked
    problems = [_mismatch(layer, [None], {}) for layer in layers]
    if problems and all(problems):
        raise ConfigurationError(
            f"if_: {_called(condition)}{layers[0]} is asked with the local time alone ({problems[0]}): "
            "say a function of it, such as lambda t: t.day <= 7"
        )


def takes_any_name(signature: inspect.Signature) -> bool:
    """Whether it has a `**kwargs`."""
    return any(one.kind is one.VAR_KEYWORD for one in signature.parameters.values())


def check_delay(name: str, delay: object) -> None:
    """Raise TypeError for what is no timedelta: of a number nobody knows whether it is seconds."""
    if not isinstance(delay, timedelta):
        raise TypeError(f"{name}.enqueue_in({delay!r}): say a timedelta, such as timedelta(minutes=5)")
