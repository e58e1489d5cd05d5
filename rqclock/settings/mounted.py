"""Secrets that a platform mounts as files: NAME_FILE says where NAME stands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

MOST = 64 * 1024  # bytes: a secret is short, and a path may name a device


def text_of(environ: Mapping[str, str], name: str, *, secret: bool) -> str:
    """The text of a variable, empty if it is not set. Raises ValueError with the rest of a sentence that begins with
    the variable's name."""
    text, path = environ.get(name, ""), environ.get(f"{name}_FILE", "") if secret else ""
    if text and path:
        raise ValueError(f"is set, and {name}_FILE too: leave one of them away")
    return _content(Path(path), variable=f"{name}_FILE") if path else text


def _content(path: Path, *, variable: str) -> str:
    try:
        with path.open("rb") as file:
            text = file.read(MOST).decode().rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"cannot be read from {path} ({variable}): {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"cannot be read from {path} ({variable}): it is not UTF-8 text") from None
    if not text:
        raise ValueError(f"cannot be read from {path} ({variable}): the file is empty")
    return text
