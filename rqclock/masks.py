"""What must not be read in logs and pages: passwords in URLs, and arguments that `@job(sensitive=…)` names."""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

MASK = "[masked]"
SHORTEST = 3  # characters; shorter values would mask half of every line
_PASSWORD = re.compile(r"(\b[a-zA-Z][\w+.-]*://[^\s/:@\"']*):[^\s/\"']+@")


def mask_urls(text: str) -> str:
    """
    >>> mask_urls("redis://clock:s3cret@host:6379/0")
    'redis://clock:[masked]@host:6379/0'
    """
    return _PASSWORD.sub(rf"\1:{MASK}@", text) if "://" in text else text


def mask_values(text: str, values: Iterable[str]) -> str:
    """The text without these values, longest first."""
    for value in values:
        text = text.replace(value, MASK)
    return text


def project_wide() -> tuple[str, ...]:
    """The names of RQCLOCK_SENSITIVE."""
    return tuple(name.strip() for name in os.environ.get("RQCLOCK_SENSITIVE", "").split(",") if name.strip())


def find(path: str) -> Callable[..., Any] | None:
    """The function of a job's path where its module is loaded; nothing is imported for it."""
    parts = path.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        found: Any = sys.modules.get(".".join(parts[:cut]))
        if found is not None:
            for part in parts[cut:]:
                found = getattr(found, part, None)
            return found if callable(found) else None
    return None


def sensitive_arguments(function: Callable[..., Any] | None, names: Iterable[str]) -> dict[str, list[Any]]:
    """Where these arguments stand in a call: `{"args": [positions], "kwargs": [names]}`."""
    wanted = list(dict.fromkeys(names))
    try:
        positions = list(inspect.signature(function).parameters) if function else []
    except (TypeError, ValueError):  # a builtin
        positions = []
    return {"args": [positions.index(name) for name in wanted if name in positions], "kwargs": wanted}


def mask_call(
    where: Mapping[str, Any], args: Iterable[Any], kwargs: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments as they may be shown."""
    positions, names = where.get("args", ()), where.get("kwargs", ())
    shown = [MASK if n in positions else value for n, value in enumerate(args)]
    return shown, {name: MASK if name in names else value for name, value in kwargs.items()}


def secret_values(where: Mapping[str, Any], args: Iterable[Any], kwargs: Mapping[str, Any]) -> list[str]:
    """The texts of the sensitive arguments, longest first."""
    chosen = [value for n, value in enumerate(args) if n in where.get("args", ())]
    chosen += [value for name, value in kwargs.items() if name in where.get("kwargs", ())]
    texts = {text for value in chosen for text in _texts(value) if len(text) >= SHORTEST}
    return sorted(texts, key=len, reverse=True)


def _texts(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [text for one in value.values() for text in _texts(one)]
    if isinstance(value, list | tuple):
        return [text for one in value for text in _texts(one)]
    return [] if isinstance(value, bool) or value is None else [str(value)]
