"""What the terminal shows: every process's lines, each with the time and the name of its process."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime

COLOURS = (36, 32, 35, 33, 34, 96, 92, 95)
OWN = "dev"
LONGEST = 64 * 1024  # bytes of a line; the rest comes as a line of its own, so that no output fills the memory


class Console:
    """Writes to standard output; coloured when that is a terminal and NO_COLOR is not set."""

    def __init__(self, names: Sequence[str]) -> None:
        self._width = max(map(len, [OWN, *names]))
        self._coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self.on_closed: Callable[[], None] = lambda: None  # called once, when nobody reads any more
        self._colours = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(names)}

    def say(self, words: str, name: str = OWN) -> None:
        """One line."""
        prefix = f"{datetime.now():%H:%M:%S} {name:<{self._width}} |"
        if self._coloured:
            prefix = f"\x1b[{self._colours.get(name, 1)}m{prefix}\x1b[0m"
        try:
            sys.stdout.write(f"{prefix} {words}\n")
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            self.on_closed()

    async def copy(self, name: str, source: asyncio.StreamReader) -> None:
        """Every line of `source`, until its end."""
        rest = b""
        while part := await source.read(LONGEST):
            *lines, rest = (rest + part).split(b"\n")
            if len(rest) > LONGEST:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self.say(line.decode(errors="replace").rstrip("\r"), name)
        if rest:
            self.say(rest.decode(errors="replace"), name)
