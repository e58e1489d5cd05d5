"""Arguments that nobody should read off a page: told by their names, hidden wherever they are nested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rqclock.masks import MASK, mask_call
from rqclock.timetable.schedules import Target

# Hidden whoever forgot to say so. A name that holds one of these is enough.
WORDS = ("password", "passwd", "secret", "token", "api_key", "apikey", "authorization", "credential", "private_key")
DEEPEST = 20


Call = tuple[list[Any], dict[str, Any]]


def masked_call(
    args: Sequence[Any], kwargs: Mapping[str, Any], *, said: Mapping[str, Any], names: Sequence[str]
) -> Call:
    """A job's arguments as a page may show them: `said` is what `@job(sensitive=…)` left with it, `names` what the
    settings add."""
    positional, named = mask_call(said, args, kwargs)
    words = (*WORDS, *(name.lower() for name in names))
    return [masked("", value, words) for value in positional], masked("", named, words)


def target_call(target: Target, names: Sequence[str]) -> Call:
    """A schedule's own arguments. Which place a sensitive one has is known to its function alone, and that is not
    loaded here: then all that have no name are hidden."""
    sensitive = (*target.options.sensitive, *names)
    said = {"args": range(len(target.args)) if sensitive else (), "kwargs": sensitive}
    return masked_call(target.args, target.kwargs, said=said, names=names)


def masked(name: str, value: Any, words: Sequence[str] = WORDS) -> Any:
    """The value of the argument `name` with everything hidden whose name holds one of `words`.

    >>> masked("login", {"user": "ann", "password": "x"})
    {'user': 'ann', 'password': '[masked]'}
    """
    return _hidden(value, words, depth=0) if not _is_secret(name, words) else MASK


def _hidden(value: Any, words: Sequence[str], *, depth: int) -> Any:
    if depth > DEEPEST:
        return MASK
    if isinstance(value, dict):
        return {
            name: MASK if _is_secret(str(name), words) else _hidden(inner, words, depth=depth + 1)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_hidden(inner, words, depth=depth + 1) for inner in value]
    return value


def _is_secret(name: str, words: Sequence[str]) -> bool:
    plain = name.lower().replace("-", "_")
    return any(word in plain for word in words)
