"""Waiting for a condition instead of for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


def until(condition: Callable[[], Value], timeout: float = 10.0, *, what: object = "") -> Value:
    """Ask `condition` again and again until its answer is true, and return that answer.

    Fails the test after `timeout` seconds, naming `what` and the last answer. An exception in `condition` goes through.
    """
    deadline = time.monotonic() + timeout
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout} s in vain for {what or condition}; the last answer was {answer!r}")
        time.sleep(0.01)
    return answer
