"""What the proof says: one line a step, with what was seen and how long it took."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Value = TypeVar("Value")


class Failed(Exception):
    """A step that did not come out as it should, in one line."""


def step(title: str, look: Callable[[], str]) -> None:
    """Do it, and print what it saw. Failed and everything else goes through, after a line that names the step."""
    began = time.monotonic()
    try:
        seen = look()
    except BaseException:
        print(f"FAILED  {time.monotonic() - began:5.1f} s  {title}", flush=True)
        raise
    print(f"ok      {time.monotonic() - began:5.1f} s  {title}: {seen}", flush=True)


def until(look: Callable[[], Value], *, what: str, seconds: float = 60.0) -> Value:
    """Look again and again until there is something true, and return it. Raises Failed when nothing comes."""
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise Failed(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(0.1)
    return seen


def expect(holds: bool, otherwise: str) -> None:
    """Raise Failed with this line unless it holds."""
    if not holds:
        raise Failed(otherwise)


def print_ends(logs: Path, lines: int = 25) -> None:
    """The end of each log, the one that was written to last at the very end."""
    for log in sorted(logs.glob("*.log"), key=lambda path: path.stat().st_mtime):
        print(f"--- the end of {log.name}")
        print("\n".join(log.read_text(errors="replace").splitlines()[-lines:]))
