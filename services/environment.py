"""What the environment says: a variable, or the file that a platform mounts in its place."""

from __future__ import annotations

import os
from pathlib import Path


class BadSetting(Exception):
    """Nobody can tell which address is meant: a job must fail with a line, and not go on with the default."""


def secret(name: str) -> str:
    """The text of NAME, or of the file that NAME_FILE names; empty where neither is set. Raises BadSetting."""
    text, path = os.environ.get(name, ""), os.environ.get(f"{name}_FILE", "")
    if text and path:
        raise BadSetting(f"{name} is set, and {name}_FILE too: leave one of them away")
    return _content(path, variable=f"{name}_FILE") if path else text


def _content(path: str, *, variable: str) -> str:
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadSetting(f"{variable}: {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadSetting(f"{variable}: {path} cannot be read: it is no text") from None
    if not text:
        raise BadSetting(f"{variable}: {path} is empty")
    return text
