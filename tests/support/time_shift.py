"""A wall clock that steps while processes run, for a Python or a server alike; their monotonic clock stays."""

from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("time_shift.c")


class TimeShift:
    """A wall clock of its own for the processes that are started with `environment`; by 0 s shifted at first.

    Needs gcc, which compiles the library into `folder`.
    """

    def __init__(self, folder: Path, *, seconds: float = 0.0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "shift"
        self._file.write_bytes(struct.pack("q", 0))
        self._library = folder / "time_shift.so"
        self.seconds = seconds
        self.to(seconds)
        command = ["gcc", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", str(self._library), str(SOURCE)]
        subprocess.run(command, check=True, capture_output=True)

    @property
    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self._library), "TIME_SHIFT": str(self._file)}

    def to(self, seconds: float) -> None:
        """Step to so many seconds ahead of this machine's clock; negative is behind it."""
        self.seconds = seconds
        with self._file.open("r+b", buffering=0) as file:  # in place: running processes have it mapped
            os.pwrite(file.fileno(), struct.pack("q", round(seconds * 1e9)), 0)

    def by(self, seconds: float) -> None:
        """Step by so many seconds."""
        self.to(self.seconds + seconds)
