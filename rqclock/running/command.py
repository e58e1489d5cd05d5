"""`python clock.py`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rqclock.errors import ConfigurationError, RqclockError
from rqclock.logs import set_up
from rqclock.running.process import Process
from rqclock.settings import Settings

if TYPE_CHECKING:
    from rqclock.clock import Clock

USAGE = "usage: python clock.py [--take-over]"


def main(clock: Clock, arguments: Sequence[str]) -> int:
    """Run the clock; the exit code: 0 stopped, 2 cannot run as configured (one line each says why)."""
    try:
        if set(arguments) - {"--take-over"}:
            raise ConfigurationError(USAGE)
        settings = Settings.read(os.environ)
        set_up("clock")
        return Process(clock.timetable(), settings, take_over="--take-over" in arguments).run()
    except RqclockError as error:
        print(error, file=sys.stderr)
        return 2
