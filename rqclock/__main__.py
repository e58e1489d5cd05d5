"""`rqclock`, and `python -m rqclock`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line. The probe goes its own way: the commands' imports would be most of its time."""
    if sys.argv[1:2] == ["alive"]:
        from rqclock.alive import alive

        sys.exit(alive(sys.argv[2:]))
    from rqclock.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()
