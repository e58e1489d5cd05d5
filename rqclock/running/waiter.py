"""Waiting that a signal, or another thread, can end."""

from __future__ import annotations

import os
import selectors
import signal
from types import FrameType, TracebackType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stop(Exception):
    """The process was told to stop."""


class Waiter:
    """The loop's one place to wait. A signal only sets a flag, so that no script of ours is cut in the middle."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._reader, selectors.EVENT_READ)
        self._stopping = False

    def __enter__(self) -> Waiter:
        self._before = {number: signal.signal(number, self._note) for number in SIGNALS}
        self._wakeup = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def wait(self, seconds: float) -> bool:
        """Wait so long at most; True when `wake` ended it. Raises Stop once the process was told to stop."""
        self.check()
        woken = bool(self._selector.select(max(0.0, seconds)))
        if woken:
            os.read(self._reader, 4096)
        self.check()
        return woken

    def wake(self) -> None:
        """End the wait, from any thread."""
        try:
            os.write(self._writer, b"w")
        except BlockingIOError:  # full, so the reader wakes anyway
            return

    def check(self) -> None:
        """Raise Stop if the process was told to stop."""
        if self._stopping:
            raise Stop

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True
