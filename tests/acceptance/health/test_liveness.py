"""What supervisors see of a clock: an orchestrator's probes, systemd's watchdog, `rqclock alive`, its end."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from rqclock.running.health import STALLED
from tests.support.lab import EVERY_SECOND, ClockProcess, Lab
from tests.support.waiting import until

HANG = """
import pathlib, time
from rqclock.running.ticker import Ticker

step, hang = Ticker.step, pathlib.Path({hang!r})

def stuck(self):
    while hang.exists():
        hang.with_name("hangs").touch()
        time.sleep(0.05)
    step(self)

Ticker.step = stuck
"""


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = Lab(tmp_path / "lab")
    yield made
    made.close()


class Systemd:
    """Its end of the notification socket. `told` is how often it was told what."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "notify")
        self.told: Counter[str] = Counter()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        threading.Thread(target=self._hear, daemon=True).start()

    def hears_more(self, what: str) -> Callable[[], bool]:
        """The answer tells whether it was told that again since."""
        before = self.told[what]
        return lambda: self.told[what] > before

    def close(self) -> None:
        self._socket.close()

    def _hear(self) -> None:
        with suppress(OSError):
            while True:
                self.told[self._socket.recv(100).decode()] += 1


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    made = Systemd(tmp_path)
    yield made
    made.close()


def probe(clock: ClockProcess, path: str) -> int:
    """The status of an answer, 0 while nobody listens yet."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{clock.health}{path}", timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def alive(lab: Lab, *interpreter: str) -> subprocess.CompletedProcess[str]:
    """`rqclock alive`, as a probe runs it."""
    env = {**os.environ, "RQCLOCK_ALIVE_DIR": str(lab.folder / "alive")}
    command = [sys.executable, *interpreter, "-m", "rqclock", "alive"]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)


def test_a_clock_that_works_is_alive_and_ready_and_says_so_to_systemd(lab: Lab, systemd: Systemd) -> None:
    assert alive(lab).returncode == 1  # no clock runs here
    server = lab.server()
    clock = lab.clock(server.url, healthy=True, NOTIFY_SOCKET=systemd.path)
    until(lambda: probe(clock, "/readyz") == 200, 60)
    assert probe(clock, "/livez") == 200
    until(lambda: systemd.told["READY=1"] == 1 and systemd.told["WATCHDOG=1"] > 1, 60)
    assert alive(lab).returncode == 0
    clock.stop()
    until(lambda: systemd.told["STOPPING=1"] == 1, 60)
    assert alive(lab).returncode == 1


def test_a_clock_whose_redis_is_gone_is_alive_and_not_ready(lab: Lab, systemd: Systemd) -> None:
    server = lab.server()
    clock = lab.clock(server.url, healthy=True, NOTIFY_SOCKET=systemd.path)
    until(lambda: probe(clock, "/readyz") == 200, 60)
    server.kill()
    until(lambda: probe(clock, "/readyz") == 503, 60)
    until(systemd.hears_more("WATCHDOG=1"), 60)  # its loop turns: to start it again would mend nothing
    assert (probe(clock, "/livez"), alive(lab).returncode) == (200, 0)


@pytest.mark.slow
def test_a_clock_that_hangs_tells_systemd_nothing_more_and_ends_by_itself(lab: Lab, systemd: Systemd) -> None:
    hang = lab.folder / "hang"
    file = lab.file(HANG.format(hang=str(hang)), EVERY_SECOND)
    server = lab.server()
    redis = lab.client(server)
    clock = lab.clock(server.url, file, healthy=True, NOTIFY_SOCKET=systemd.path)
    lab.ticks(redis, 1)
    hang.touch()
    until(hang.with_name("hangs").exists, 60)
    told = systemd.told["WATCHDOG=1"]
    assert clock.wait(90) == STALLED
    assert systemd.told["WATCHDOG=1"] <= told + 1  # one may have been on its way
    assert "the loop has made no progress" in clock.output
    assert not systemd.told["STOPPING=1"]
    hang.unlink()
    lab.clock(server.url, file)
    lab.ticks(redis, 1)  # a supervisor's next one goes on
    lab.stop()
    lab.accounts(redis)


def test_a_probe_loads_neither_redis_nor_rq_nor_click(lab: Lab) -> None:
    loaded = {line.rpartition("|")[2].strip() for line in alive(lab, "-X", "importtime").stderr.splitlines()}
    assert "rqclock.running.pulse" in loaded
    assert not {"redis", "rq", "click"} & loaded
