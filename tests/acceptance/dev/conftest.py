"""A small project of its own for each test, and `rqclock dev` in it."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.processes import Launch, Launched

RUNNER = "from rqclock.dev.command import dev; dev(prog_name='rqclock dev')"

# A process that says its name and waits; with `deaf` it takes no SIGTERM; with `child` it has one below, also deaf.
ACTOR = """
import os, signal, subprocess, sys, time
if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "child" in sys.argv:
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"
    child = subprocess.Popen([sys.executable, "-c", code], preexec_fn=os.setpgrp)
    print("child", child.pid)
print(sys.argv[1], "is", os.getpid())
if "crash" in sys.argv:
    sys.exit(3)
time.sleep(600)
"""


class Project:
    """A folder with a Procfile."""

    def __init__(self, folder: Path, launch: Launch) -> None:
        self.folder = folder
        self.launch = launch
        folder.mkdir()
        (folder / "actor.py").write_text(ACTOR)

    def procfile(self, *lines: str) -> None:
        (self.folder / "Procfile").write_text("".join(f"{line}\n" for line in lines))

    def dev(self, *options: str, **env: str) -> Launched:
        return self.launch(sys.executable, "-c", RUNNER, *options, cwd=self.folder, env=env)

    def dev_piped_into(self, reader: str) -> Launched:
        """`rqclock dev | reader`; it ends when both have."""
        words = shlex.join([sys.executable, "-c", RUNNER])
        return self.launch("sh", "-c", f"{words} | {reader}", cwd=self.folder)


@pytest.fixture
def project(tmp_path: Path, launch: Launch) -> Project:
    return Project(tmp_path / "project", launch)


@pytest.fixture
def pid_of() -> Callable[[Launched, str], int]:
    """The id that an actor has printed; the latest, if it started more than once."""

    def find(process: Launched, name: str) -> int:
        process.wait_for(f"{name} is ")
        return int(re.findall(rf"{re.escape(name)} is (\d+)", process.output)[-1])

    return find
