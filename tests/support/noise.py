"""How much this machine delays a process that wants to run: the margin of what tests say on speed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType

NAP = 0.01
HANDS = 4  # processes that have to run one after another in what is measured: server, clock, the test's own


class Noise:
    """While it is entered, measures; `margin` is what may be added to a promised time, in seconds."""

    def __init__(self) -> None:
        self._worst = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._measure, name="noise", daemon=True)

    def __enter__(self) -> Noise:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def margin(self) -> float:
        return HANDS * self._worst

    def _measure(self) -> None:
        while not self._ended.is_set():
            asleep = time.monotonic()
            time.sleep(NAP)
            self._worst = max(self._worst, time.monotonic() - asleep - NAP)


def measured(step: Callable[[], float], *, promised: float) -> tuple[float, float]:
    """The seconds that `step` answers, and the margin that this machine needs.

    A busy machine makes anything slow, and nothing fast: after one that took too long, two others have to be in time.
    """
    found = _with_margin(step)
    if found[0] < promised + found[1]:
        return found
    return max((_with_margin(step) for _ in range(2)), key=lambda one: one[0] - one[1])


def _with_margin(step: Callable[[], float]) -> tuple[float, float]:
    with Noise() as noise:
        seconds = step()
    return seconds, noise.margin
