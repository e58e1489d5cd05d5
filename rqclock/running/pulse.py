"""Liveness of a clock: its loop made progress. Nothing here needs Redis, and reading it imports next to nothing."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

STALLED_AFTER = 15.0  # seconds without a turn of the loop; every wait and every answer of Redis ends sooner
WRITTEN_EVERY = 1.0


def folder() -> Path:
    """Where clocks of this user on this host leave their pulse: RQCLOCK_ALIVE_DIR, else below the temporary folder."""
    named = os.environ.get("RQCLOCK_ALIVE_DIR")
    return Path(named) if named else Path(tempfile.gettempdir()) / f"rqclock-{os.getuid()}"


class Pulse:
    """The loop's own mark of progress, for the threads of this process and, in a file, for `rqclock alive`."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or folder() / f"{os.getpid()}.alive"
        self._written = 0.0
        self.turns = 0
        self.at = time.monotonic()
        self.failed: OSError | None = None

    def beat(self) -> None:
        """The loop has turned once more."""
        self.at = time.monotonic()
        self.turns += 1
        if self.at - self._written >= WRITTEN_EVERY:
            self._write()

    def age(self) -> float:
        """Seconds since the last turn."""
        return time.monotonic() - self.at

    def end(self) -> None:
        """The process leaves in good order: no pulse is no sign of death then."""
        self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        self._written = self.at
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # CLOCK_MONOTONIC is one for all processes of a host, and no step of its wall clock moves it.
            self._path.write_text(f"{self.at}\n")
        except OSError as error:  # a full or read-only disk must not stop the clock
            self.failed = error


def probe(where: Path | None = None) -> tuple[bool, str]:
    """Whether every clock of this user on this host is alive, and a line that says so; removes files of the dead."""
    found = sorted((where or folder()).glob("*.alive"))
    ages = {path.stem: time.monotonic() - _read(path) for path in found if _runs(path)}
    if not ages:
        return False, "no clock runs here"
    worst = max(ages, key=lambda pid: ages[pid])
    if ages[worst] > STALLED_AFTER:
        return False, f"the clock with pid {worst} has made no progress for {ages[worst]:.0f} s"
    return True, f"alive: {len(ages)} clock{'s' if len(ages) > 1 else ''}, last turn {ages[worst]:.1f} s ago"


def _read(path: Path) -> float:
    try:
        return float(path.read_text())
    except (OSError, ValueError):  # it is being written at this moment
        return time.monotonic()


def _runs(path: Path) -> bool:
    try:
        os.kill(int(path.stem), 0)
    except ProcessLookupError:
        path.unlink(missing_ok=True)
        return False
    except (PermissionError, ValueError):
        return path.stem.isdecimal()
    return True
