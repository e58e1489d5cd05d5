"""`python clock.py`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

from rqclock.errors import ConfigurationError, RqclockError
from rqclock.logs import set_up
from rqclock.running.process import Process
from rqclock.settings import Settings
from rqclock.timetable.schedules import Timetable

USAGE = "usage: python clock.py [--take-over]"


def main(read: Callable[[], Timetable], arguments: Sequence[str]) -> int:
    """Run the clock of the timetable that `read` answers.

    The exit code: 0 stopped, 2 cannot run as configured (one line each says why).
    """
    try:
        if set(arguments) - {"--take-over"}:
            raise ConfigurationError(USAGE)
        settings = Settings.read(os.environ)
        set_up("clock")
        return Process(read(), settings, take_over="--take-over" in arguments).run()
    except RqclockError as error:
        print(error, file=sys.stderr)
        return 2
