"""What Redis answers, as text, or as the JSON that we wrote. What somebody else has written there is left out."""

from __future__ import annotations

import json
import logging
from functools import lru_cache
from typing import Any

log = logging.getLogger("rqclock.store")
LATEST = 10**11  # epoch seconds that no clock of ours has written, nor any other number here


def text(value: Any) -> str:
    """A reply's bytes as text; what is not UTF-8 is shown, not refused."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def texts(hash_: dict[Any, Any]) -> dict[str, str]:
    """A hash as text."""
    return {text(name): text(value) for name, value in hash_.items()}


def json_object(value: Any, *, where: str) -> dict[str, Any] | None:
    """The JSON object of a reply; None for anything else. The log, or standard error, then names its place."""
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    leave_out(where)
    return None


def number(value: Any, *, where: str, below: int = LATEST) -> int | None:
    """The whole number of a reply, as we write them; None where there is none, or anything else, which is named."""
    if value is None:
        return None
    said = text(value)
    if said.isdecimal() and said.isascii() and len(said) <= len(str(below)) and int(said) < below:
        return int(said)
    leave_out(where)
    return None


@lru_cache(1000)
def leave_out(where: str) -> None:
    """Say, once in a process, that something cannot be read."""
    log.warning("%s cannot be read: another version of rqclock wrote it, or somebody else", where)
