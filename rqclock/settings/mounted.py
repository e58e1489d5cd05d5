"""Secrets that a platform mounts as files: NAME_FILE says where NAME stands."""

from __future__ import annotations

import os
import stat
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
        # Without O_NONBLOCK a pipe that nobody writes to would hold the process up for ever.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ValueError(f"cannot be read from {path} ({variable}): it is no regular file")
            data = file.read(MOST + 1)
        if len(data) > MOST:
            raise ValueError(f"cannot be read from {path} ({variable}): it is longer than {MOST // 1024} KiB")
        text = data.decode().rstrip("\r\n")
        if not all(letter.isprintable() for letter in text):
            raise ValueError(f"cannot be read from {path} ({variable}): it holds several lines, or no text")
    except OSError as error:
        raise ValueError(f"cannot be read from {path} ({variable}): {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"cannot be read from {path} ({variable}): it is not UTF-8 text") from None
    if not text:
        raise ValueError(f"cannot be read from {path} ({variable}): the file is empty")
    return text
