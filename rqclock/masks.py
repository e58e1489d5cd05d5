"""What must not be read in logs and pages: passwords in URLs, and arguments that `@job(sensitive=…)` names."""

from __future__ import annotations

import inspect
import json
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
    """The function of a job's path where its module is loaded. Nothing is imported or run for it: a stranger may have
    written that path."""
    parts = path.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        found: Any = sys.modules.get(".".join(parts[:cut]))
        if found is not None:
            for part in parts[cut:]:
                found = inspect.getattr_static(found, part, None)
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


def shown_call(path: str, names: Iterable[str], args: Iterable[Any], kwargs: Mapping[str, Any]) -> str:
    """A call as it may be shown; `names` are the sensitive arguments beside those of the whole project."""
    where = sensitive_arguments(find(path), (*names, *project_wide()))
    positional, named = mask_call(where, args, kwargs)
    words = [*map(_shown, positional), *(f"{name}={_shown(value)}" for name, value in named.items())]
    return f"{path}({', '.join(words)})"


def _shown(value: Any) -> str:
    return MASK if value is MASK else repr(value)


def secret_values(where: Mapping[str, Any], args: Iterable[Any], kwargs: Mapping[str, Any]) -> list[str]:
    """The texts of the sensitive arguments, longest first."""
    chosen = [value for n, value in enumerate(args) if n in where.get("args", ())]
    chosen += [value for name, value in kwargs.items() if name in where.get("kwargs", ())]
    texts = {text for value in chosen for text in _texts(value) if len(text) >= SHORTEST}
    return sorted({form for text in texts for form in _forms(text)}, key=len, reverse=True)


def _forms(text: str) -> tuple[str, ...]:
    """As it stands in a message, in a traceback and in JSON: with quotes or a new line in it these are not the same."""
    return text, repr(text)[1:-1], json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]


def _texts(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [text for one in value.values() for text in _texts(one)]
    if isinstance(value, list | tuple):
        return [text for one in value for text in _texts(one)]
    return [] if isinstance(value, bool) or value is None else [str(value)]
