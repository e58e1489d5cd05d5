"""The reference answers, and ours to the same questions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rqclock.triggers import Trigger

DATA = Path(__file__).parent / "data"
README = Path(__file__).parents[2] / "rqclock" / "README.md"

Json = dict[str, Any]


def read(name: str) -> list[Any]:
    """One file of the reduced data."""
    found: list[Any] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return found


def ticks(trigger: Trigger, start: int, end: int) -> Iterator[int]:
    """Every tick from `start` on and before `end`."""
    tick = trigger.after(start - 1)
    while tick is not None and tick < end:
        yield tick
        tick = trigger.after(tick)


def digest(times: Iterable[int]) -> str:
    """The fingerprint under which an answer is kept."""
    return hashlib.sha256("\n".join(map(str, times)).encode()).hexdigest()


def in_readme(row: str) -> bool:
    """Whether a row of a table stands in the library's README."""
    return row in README.read_text(encoding="utf-8").splitlines()
