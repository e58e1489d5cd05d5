"""The doctor as a process of its own, in a folder with a clock file; what it says is compared wholly."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.doctor.transcript import Transcript
from tests.support.lab import Lab
from tests.support.processes import Launch

CLOCK = """
from rqclock import Clock
from tests.support import jobs

clock = Clock(timezone="Europe/London")
clock.every("second", name="tick").enqueue(jobs.plain)

if __name__ == "__main__":
    clock.run()
"""
LONG = 120.0  # seconds: a busy machine, and a server that takes 2 s for each answer

Doctor = Callable[..., Transcript]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """Servers and proxies."""
    made = Lab(tmp_path / "lab")
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the clock file lies."""
    made = tmp_path / "app"
    made.mkdir()
    (made / "clock.py").write_text(CLOCK)
    return made


@pytest.fixture
def doctor(folder: Path, launch: Launch) -> Doctor:
    """`doctor(url, "--before-deploy", REDIS_VERIFY="none")`."""

    def examine(url: str, *arguments: str, **variables: str) -> Transcript:
        env = {"REDIS_URL": url, **variables}
        process = launch(sys.executable, "-m", "rqclock", "doctor", *arguments, cwd=folder, env=env)
        code = process.wait(LONG)
        return Transcript(code, process.output)

    return examine
