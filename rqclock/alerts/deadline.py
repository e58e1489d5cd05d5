"""How long one sending may take in all: a server that says a letter now and then is within every limit of a socket."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

LONGEST = 30.0  # seconds for a whole sending: shorter than a claim, or another watcher would send it too
T = TypeVar("T")


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns or raises; TimeoutError when it takes longer, which leaves it to itself in a thread."""
    found: list[tuple[Any, Exception | None]] = []

    def run() -> None:
        try:
            found.append((work(), None))
        except Exception as error:  # it is raised again below, where somebody waits for it
            found.append((None, error))

    thread = threading.Thread(target=run, name="alert", daemon=True)
    thread.start()
    thread.join(seconds)
    if not found:
        raise TimeoutError
    result, error = found[0]
    if error is not None:
        raise error
    return result  # type: ignore[no-any-return]
