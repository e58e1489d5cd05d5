"""Waiting for one of several descriptors, however high their numbers are (`select.select` ends at 1024)."""

from __future__ import annotations

import math
import select
from collections.abc import Sequence
from typing import Any


def readable(sources: Sequence[Any], wait: float) -> list[Any]:
    """Those of `sources` (numbers, or with `fileno`) that can be read, or were closed, within `wait` seconds."""
    numbers = [source if isinstance(source, int) else source.fileno() for source in sources]
    poll = select.poll()
    for number in numbers:
        poll.register(number, select.POLLIN)
    ready = {number for number, _ in poll.poll(math.ceil(wait * 1000))}
    return [source for source, number in zip(sources, numbers, strict=True) if number in ready]
