"""What Redis answers, as text."""

from __future__ import annotations

from typing import Any


def text(value: Any) -> str:
    """A reply's bytes as text; what is not UTF-8 is shown, not refused."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def texts(hash_: dict[Any, Any]) -> dict[str, str]:
    """A hash as text."""
    return {text(name): text(value) for name, value in hash_.items()}
