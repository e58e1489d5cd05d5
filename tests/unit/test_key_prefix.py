"""RQ reads its prefix while it is imported, and has a traceback for a bad one: ours is one line."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

COMMANDS = [["-m", "rqclock", "list"], ["-m", "rqclock", "doctor"], ["-c", "from rqclock import Clock"]]


def run(command: list[str], prefix: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"RQ_KEY_PREFIX": prefix}
    return subprocess.run([sys.executable, *command], env=env, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("command", COMMANDS, ids=["list", "doctor", "a clock file"])
def test_a_prefix_that_rq_would_not_take_is_one_line(command: list[str]) -> None:
    ended = run(command, "a b")
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert ended.stderr.startswith("RQ_KEY_PREFIX 'a b' may hold letters")


def test_an_empty_prefix_is_an_unset_one() -> None:
    ended = run(["-c", "from rqclock import Clock; import rq.defaults; print(rq.defaults.RQ_KEY_PREFIX)"], "")
    assert (ended.stdout, ended.returncode) == ("rq\n", 0)
