"""The parent's signals, while it works."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType


class Signals:
    """SIGTERM and SIGINT ask to stop; these and the end of a child wake the loop. As before when it is left."""

    def __init__(self, waker: int, stop: Callable[[int, FrameType | None], None]) -> None:
        self._waker = waker
        self._handlers = {signal.SIGTERM: stop, signal.SIGINT: stop, signal.SIGCHLD: lambda number, frame: None}

    def __enter__(self) -> None:
        os.set_blocking(self._waker, False)
        self._wakeup = signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, handler) for number, handler in self._handlers.items()}

    def __exit__(self, *error: object) -> None:
        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._before.items():
            signal.signal(number, handler)
