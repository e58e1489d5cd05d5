"""What becomes of processes that jobs leave behind, where the worker is process 1 of a container."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import ctypes, os, subprocess, sys
from rqclock.worker import orphans

PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)  # orphans come to this process, as they do to process 1

def dead():
    try:
        return os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return False

def leave_an_orphan():
    # A program in the background outlives its shell, and ends when its standard input does.
    reader, writer = os.pipe()
    subprocess.run(["sh", "-c", "exec 3<&0; cat <&3 >/dev/null & exit 0"], stdin=reader)
    os.close(reader)
    os.close(writer)
    os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)

def seen(process, ours):
    os.getpid = lambda: process
    orphans.bury(ours)
    return "left" if dead() else "buried"

leave_an_orphan()
print("any other process:", seen(2, []))
print("process 1:", seen(1, []))
child = os.spawnlp(os.P_NOWAIT, "true", "true")
os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
print("a child of its own:", seen(1, [child]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans to another process than 1")
def test_process_1_buries_what_others_left_and_leaves_its_own_children_to_who_waits_for_them() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.splitlines() == ["any other process: left", "process 1: buried", "a child of its own: left"]
