"""A process that cannot run as configured says so in one line and ends with 2, which no supervisor should try again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.worker.conftest import WORKER
from tests.support.processes import Launch
from tests.support.server import Server

CLOCK = "from rqclock import Clock\nclock = Clock()\nif __name__ == '__main__':\n    clock.run()\n"
PROCESSES = {
    "clock": ("python", "clock.py"),
    "our worker": WORKER,
    "our worker with our settings": (*WORKER, "-c", "rqclock.rq_settings"),
    "RQ's own worker with our settings": ("rq", "worker", "-j", "rqclock.Job", "-c", "rqclock.rq_settings"),
}
WRONG = {
    "RQCLOCK_SETUP": ("nowhere.setup", "RQCLOCK_SETUP=nowhere.setup: ModuleNotFoundError: No module named 'nowhere'"),
    "RQCLOCK_GRACE": ("soon", "RQCLOCK_GRACE 'soon' is not a number of seconds"),
}


@pytest.mark.parametrize("variable", WRONG)
@pytest.mark.parametrize("process", PROCESSES)
def test_what_cannot_be_used_is_one_line_and_two(
    launch: Launch, server: Server, tmp_path: Path, process: str, variable: str
) -> None:
    value, line = WRONG[variable]
    (tmp_path / "clock.py").write_text(CLOCK)
    address = ("-u", server.url) if process == "our worker" else ()  # the others read REDIS_URL
    started = launch(*PROCESSES[process], *address, cwd=tmp_path, env={"REDIS_URL": server.url, variable: value})
    assert started.wait() == 2
    assert line in started.output and "Traceback" not in started.output


@pytest.mark.parametrize("process", ["clock", "our worker with our settings"])
def test_a_mistyped_setting_is_told_before_all_else(
    launch: Launch, server: Server, tmp_path: Path, process: str
) -> None:
    (tmp_path / "clock.py").write_text(CLOCK)
    started = launch(*PROCESSES[process], cwd=tmp_path, env={"REDIS_URL": server.url, "RQCLOCK_LEAS": "9"})
    started.wait_for("RQCLOCK_LEAS is no setting")
    assert "RQCLOCK_LEAS" in started.output.splitlines()[0]
