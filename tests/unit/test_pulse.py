"""The mark that a clock's loop leaves, and what a probe makes of it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from rqclock.running.health import Health, Metrics
from rqclock.running.pulse import STALLED_AFTER, Pulse, probe
from rqclock.settings import Settings


def leave(folder: Path, *, pid: int | str = os.getpid(), age: float = 0.0) -> Path:
    """What a clock of that pid has left so many seconds ago."""
    path = folder / f"{pid}.alive"
    path.write_text(f"{time.monotonic() - age}\n")
    return path


def test_where_no_clock_runs_nothing_is_alive(tmp_path: Path) -> None:
    assert probe(tmp_path) == (False, "no clock runs here")
    assert probe(tmp_path / "nothing") == (False, "no clock runs here")


def test_a_loop_that_turns_is_alive(tmp_path: Path) -> None:
    Pulse(tmp_path / f"{os.getpid()}.alive").beat()
    well, line = probe(tmp_path)
    assert well and line.startswith("alive: 1 clock, ")


def test_one_that_has_not_turned_for_long_is_not_though_its_process_lives(tmp_path: Path) -> None:
    leave(tmp_path, age=STALLED_AFTER + 10)
    well, line = probe(tmp_path)
    assert not well and f"the clock with pid {os.getpid()} has made no progress for 25 s" in line


def test_what_a_dead_clock_left_is_removed_and_tells_nothing(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    left = leave(tmp_path, pid=child, age=1000)
    leave(tmp_path)
    assert probe(tmp_path)[0]
    assert not left.exists()


def test_a_file_that_is_being_written_is_no_stall(tmp_path: Path) -> None:
    leave(tmp_path).write_text("")
    assert probe(tmp_path)[0]


@pytest.mark.parametrize(("age", "status"), [(0.0, 200), (STALLED_AFTER + 1, 503)])
def test_the_probe_of_liveness_goes_by_the_loop(tmp_path: Path, age: float, status: int) -> None:
    pulse = Pulse(tmp_path / "x.alive")
    pulse.at -= age
    health = Health(pulse, Metrics(pulse, leading=lambda: False), Settings(), ready=lambda: False)
    assert health.answer("/livez")[0] == status
    assert health.answer("/readyz")[0] == 503
