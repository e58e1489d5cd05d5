"""The Procfile: one line, one process, `name: command`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rqclock.errors import ConfigurationError, did_you_mean

NOT_RUN = "release"  # a platform runs that line once per deploy, not beside the others
SHELL_SYNTAX = re.compile(r"[;&|<>()`]|^\s*\w+=")


@dataclass(frozen=True)
class Line:
    """One process of a Procfile. `name` is unique; with several of one kind they are `clock.1`, `clock.2`."""

    name: str
    command: str

    @property
    def kind(self) -> str:
        return self.name.partition(".")[0]

    @property
    def arguments(self) -> list[str]:
        """What to execute. The shell goes out of the way of a plain command, so that signals reach that."""
        try:
            plain = not SHELL_SYNTAX.search("".join(part for part in _unquoted(self.command)))
        except ValueError as error:
            raise ConfigurationError(f"Procfile: {self.name}: {error} in {self.command!r}") from None
        return ["/bin/sh", "-c", f"exec {self.command}" if plain else self.command]


def read_procfile(path: Path, counts: Mapping[str, int]) -> list[Line]:
    """The processes to run, in the file's order, each as many times as `counts` says (once where it says nothing).

    Raises ConfigurationError naming the line.
    """
    if not path.is_file():
        raise ConfigurationError(
            f"no {path.name} in {path.parent}: it lists the processes, as in `clock: python clock.py`"
        )
    lines = {line.name: line for line in _read(path) if line.name != NOT_RUN}
    if not lines:
        raise ConfigurationError(f"{path.name} lists no process, as in `clock: python clock.py`")
    for name in counts:
        if name not in lines:
            raise ConfigurationError(f"{path.name} has no line {name!r}{did_you_mean(name, lines)}")
    return [one for line in lines.values() for one in _copies(line, counts.get(line.name, 1))]


def _read(path: Path) -> list[Line]:
    found: dict[str, Line] = {}
    for number, text in enumerate(path.read_text().splitlines(), start=1):
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        match = re.fullmatch(r"([A-Za-z0-9_-]+):\s*(\S.*)", text.strip())
        if not match:
            raise ConfigurationError(f"{path.name}:{number}: {text.strip()!r} is not `name: command`")
        name, command = match.groups()
        if name in found:
            raise ConfigurationError(f"{path.name}:{number}: a second line named {name!r}")
        found[name] = Line(name, command)
    return list(found.values())


def _copies(line: Line, count: int) -> list[Line]:
    if count == 1:
        return [line]
    return [Line(f"{line.name}.{number}", line.command) for number in range(1, count + 1)]


def _unquoted(command: str) -> list[str]:
    """The command's words as they stand, without those that hold quoted text."""
    words = shlex.shlex(command, posix=False, punctuation_chars=False)
    words.whitespace_split = True
    words.commenters = ""
    return [word + " " for word in words if not set(word) & set("'\"")]
