"""Waiting for a condition instead of for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


def until(condition: Callable[[], Value], timeout: float = 30.0, *, what: object = "") -> Value:
    """Ask `condition` again and again until its answer is true, and return that answer.

    Fails the test after `timeout` seconds, naming `what` and the last answer. An exception in `condition` goes through.
    """
    deadline, late = time.monotonic() + timeout, False
    while not (answer := condition()):
        if late:
            raise AssertionError(f"waited {timeout} s in vain for {what or condition}; the last answer was {answer!r}")
        time.sleep(0.01)
        late = time.monotonic() > deadline  # and once more: this process may have had no turn meanwhile
    return answer


def clear_of(period: int, room: float = 15.0) -> None:
    """Wait while a full `period` (in seconds: 600 for every ten minutes) ends within `room` seconds.

    For a test in whose midst nothing may fall due, at whatever hour it runs.
    """
    until(lambda: time.time() % period < period - room, room + 30, what=f"the next {period} s")
