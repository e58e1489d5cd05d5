"""Arguments that nobody should read off a page: told by their names, hidden wherever they are nested."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

MASK = "••••••"
DEEPEST = 20


def masked(name: str, value: Any, words: Sequence[str]) -> Any:
    """The value of the argument `name` with everything hidden whose name holds one of `words`.

    >>> masked("login", {"user": "ann", "password": "x"}, ["password"])
    {'user': 'ann', 'password': '••••••'}
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
