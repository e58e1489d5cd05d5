"""What every stand-in here does."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

log = logging.getLogger("apply")


def would(job: Callable[..., Any], *args: object) -> str:
    """Say what the real job does, in the words of its docstring; the line is also the job's result."""
    work = (job.__doc__ or job.__name__).rstrip(".")
    line = f"would {work[0].lower()}{work[1:]}" + (f", with {', '.join(map(repr, args))}" if args else "")
    log.info(line)
    return line
