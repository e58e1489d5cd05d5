"""The console script, in a folder with a clock file, and with no Redis within reach."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import pytest

from tests.support.command import Rqclock, runner

NOW = int(datetime.fromisoformat("2026-11-21T12:00+00:00").timestamp())
CLOCK = """
from rqclock import Clock
from tests.support import jobs

clock = Clock(timezone="Europe/London")
every = clock.every

every("day", at="10:35", description="Reminds").enqueue(jobs.plain)
every("10 minutes", name="sums, often", catch_up="all", catch_up_within="1 hour").enqueue(jobs.add, 1)
every("monday", at="08:00", name="post").enqueue(jobs.retried)
every("hour", name="off", enabled=False).enqueue(jobs.plain)
clock.on_demand("reindex").enqueue(jobs.plain)
if __name__ == "__main__":
    clock.run()
"""


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the same day at whatever hour the tests run: thirteen months ahead may hold three clock changes."""
    monkeypatch.setattr(time, "time", lambda: float(NOW))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "clock.py").write_text(CLOCK)
    return tmp_path


@pytest.fixture
def rqclock(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Rqclock:
    return runner(monkeypatch, capsys)
