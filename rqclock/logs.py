"""How our processes log: one line an event, on standard output."""

from __future__ import annotations

import logging
import sys


def set_up(process: str) -> None:
    """Log to standard output in the human format, warnings and above of other libraries included."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter(f"%(asctime)s {process} %(levelname)-7s %(message)s", "%H:%M:%S"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("rqclock").setLevel(logging.INFO)
