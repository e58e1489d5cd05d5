"""The console script with a real Redis and, in its folder, a clock file whose timetable a clock has put in force."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import redis as redis_py

from rqclock.loading import load
from rqclock.running.entries import Outage
from tests.support.command import Rqclock, runner
from tests.support.leader import Leader, Time
from tests.support.server import Server

CLOCK = """
from rqclock import Clock
from tests.support import jobs

clock = Clock(timezone="Europe/London")
clock.every("10 seconds", name="tick", catch_up="none").enqueue(jobs.plain)
clock.every("day", at="10:35", name="daily report").enqueue(jobs.plain)
"""


@pytest.fixture
def rqclock(
    tmp_path: Path,
    redis_server: Server,
    redis: redis_py.Redis,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Rqclock:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REDIS_URL", redis_server.url)
    monkeypatch.setenv("COLUMNS", "250")
    (tmp_path / "clock.py").write_text(CLOCK)
    return runner(monkeypatch, capsys)


@pytest.fixture
def leader(rqclock: Rqclock, redis: redis_py.Redis) -> Leader:
    """A clock that published ten minutes ago, was away for the next five, and has decided everything since."""
    clock = Time(float(int(time.time()) // 10 * 10 - 600))
    leader = Leader(redis, load("clock.py"), clock).lead()
    clock.pass_by(300)
    leader.look_anew(Outage(clock.now - 300))
    while clock.now < time.time():
        leader.step()
        clock.pass_by(5)
    clock.now = time.time()
    leader.step()
    return leader
