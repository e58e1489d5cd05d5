"""`rqclock alive`: a probe that a supervisor runs every few seconds, so it loads neither click nor redis."""

from __future__ import annotations

import sys

USAGE = """Usage: rqclock alive

  Whether the clocks of this user on this host make progress. Exit code 1 if
  one has stalled, or none runs. Asks no Redis.
"""


def alive(arguments: list[str]) -> int:
    """The exit code; a line says why."""
    from rqclock.running.pulse import probe

    if arguments:
        wants_help = arguments[0] in ("-h", "--help")
        print(USAGE, end="", file=sys.stdout if wants_help else sys.stderr)
        if not wants_help:
            print(f"\nError: it takes no {arguments[0]!r}", file=sys.stderr)
        return 0 if wants_help else 2
    well, line = probe()
    print(line, file=sys.stdout if well else sys.stderr)
    return 0 if well else 1
