"""SIGTERM to a process that still imports: it ends with 0, like one that was stopped later.

By default it would die of the signal, which looks like a crash. The first process of a container would not even die:
to that the system sends no signal without a handler, so it would go on until its grace is over, and be killed.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType


def end_well() -> None:
    """From now on, until somebody puts a handler of their own, or has done so."""
    mine = threading.current_thread() is threading.main_thread()
    if mine and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _end)


def is_over() -> None:
    """The imports are: whoever goes on may end as he likes."""
    if signal.getsignal(signal.SIGTERM) is _end:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def is_asked_by_program() -> bool:
    """Whether the file that Python was started with, `python clock.py`, asks our caller for something."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    return frame is not None and frame.f_globals.get("__name__") == "__main__"


def _end(number: int, frame: FrameType | None) -> None:
    os._exit(0)  # an exception might be caught by whatever is being imported
