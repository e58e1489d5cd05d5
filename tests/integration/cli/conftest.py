"""The console script, in a folder with a clock file, beside a Redis in which that clock leads."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import redis as redis_py

from rqclock.loading import load
from tests.support.command import Rqclock, runner
from tests.support.leader import Leader, Time
from tests.support.server import Server

CLOCK = """
from rqclock import Clock
from tests.support import jobs

clock = Clock(timezone="Europe/London")
clock.every("second", name="tick").enqueue(jobs.plain)
clock.every("second", name="broken").enqueue(jobs.fail)
clock.every("day", at="10:35", name="sums").enqueue(jobs.add, 1)
"""


@pytest.fixture
def rqclock(
    tmp_path: Path, redis_server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Rqclock:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REDIS_URL", redis_server.url)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "clock.py").write_text(CLOCK)
    return runner(monkeypatch, capsys)


@pytest.fixture
def leader(redis: redis_py.Redis, rqclock: Rqclock) -> Leader:
    """The clock of that file, leading by the real time."""
    return Leader(redis, load("clock.py"), Time(now=int(time.time())), host="a", pid=7).lead()
