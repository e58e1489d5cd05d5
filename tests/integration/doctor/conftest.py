"""The doctor in the test's own process, in a folder with a clock file, at a real server."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from rqclock.doctor.check import Check
from rqclock.doctor.examination import examine
from tests.support.server import Server

CLOCK = """
from rqclock import Clock
from tests.support import jobs

clock = Clock(timezone="Europe/London")
clock.every("second", name="tick").enqueue(jobs.plain)
clock.every("day", at="10:35", name="post").enqueue(jobs.retried)
"""


class Findings(list[Check]):
    """What was found."""

    def of(self, name: str) -> list[tuple[str, str]]:
        """Verdict and `what` of the checks of that name."""
        return [(str(check.verdict), check.what) for check in self if check.name == name]

    def one(self, name: str, verdict: str) -> Check:
        """The only one of that name and verdict."""
        [found] = [check for check in self if (check.name, str(check.verdict)) == (name, verdict)]
        return found


Doctor = Callable[..., Findings]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clock.py").write_text(CLOCK)
    return tmp_path


@pytest.fixture
def doctor(folder: Path, redis_server: Server, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """`doctor(url=…, before_deploy=True, REDIS_VERIFY="none")`; without `url` at the tests' own server.

    It waits longer than by default: on a busy machine a server that is well may take seconds for its first word.
    """
    monkeypatch.setattr("rqclock.doctor.handshake.PROBE_TIMEOUT", 30.0)

    def look(*, url: str = "", before_deploy: bool = False, **variables: str) -> Findings:
        environ = {**os.environ, "REDIS_URL": url or redis_server.url, "REDIS_CONNECT_TIMEOUT": "30", **variables}
        return Findings(examine(environ, before_deploy=before_deploy))

    return look
