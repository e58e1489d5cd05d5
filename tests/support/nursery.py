"""Processes without the half second that each would spend on its imports: forked off one that has made them.

What is forked is a process like any other, with its own pid, environment and output, and runs a Python file as its
main module. The nursery ends, with all its children, when the tests do, kill -9 included.
"""

from __future__ import annotations

import importlib
import json
import os
import queue
import runpy
import select
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from rqclock.dev.guard import die_with

ROOT = Path(__file__).resolve().parents[2]


class Child:
    """A forked process, with what of Popen's interface tests use."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.ended = threading.Event()

    def poll(self) -> int | None:
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        if not self.ended.wait(timeout):
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        assert self.returncode is not None
        return self.returncode


class Nursery:
    """Forks processes on request, from any thread."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.nursery"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._ordering = threading.Lock()  # one order at a time: its answer tells only the pid
        self._children: dict[int, Child] = {}
        self._born: queue.SimpleQueue[Child] = queue.SimpleQueue()
        threading.Thread(target=self._listen, name="nursery", daemon=True).start()

    def start(self, command: Sequence[str], *, env: Mapping[str, str], cwd: Path, output: Path) -> Child:
        """Run a Python file and its arguments."""
        assert self._process.stdin
        order = {"command": list(command), "env": dict(env), "cwd": str(cwd), "output": str(output)}
        with self._ordering:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
            return self._born.get(timeout=60)

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            pid, status = json.loads(line)
            if status is None:
                self._children[pid] = Child(pid)
                self._born.put(self._children[pid])
            else:
                child = self._children.pop(pid)
                child.returncode = status
                child.ended.set()


@cache
def nursery() -> Nursery:
    """The one of this test run."""
    return Nursery()


def serve() -> None:
    """Fork on order; tell each birth and each end on standard output."""
    for module in ("rqclock.clock", "rqclock.running.command", "tests.support.jobs", "tests.support.saboteur"):
        importlib.import_module(module)
    orders, wake = b"", _wake_at_the_end_of_children()
    living: set[int] = set()
    while True:
        ready = _ready(wake)
        _tell_ends(living)
        if not ready:
            continue
        part = os.read(0, 65536)
        if not part:
            os.killpg(0, signal.SIGKILL)
        *lines, orders = (orders + part).split(b"\n")
        for line in lines:
            living.add(_fork(json.loads(line)))


def _wake_at_the_end_of_children() -> int:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    return reader


def _ready(wake: int) -> bool:
    """Wait for an order or the end of a child; whether there is an order."""
    found, _, _ = select.select([0, wake], [], [])
    if wake in found:
        os.read(wake, 4096)
    return 0 in found


def _tell_ends(living: set[int]) -> None:
    for pid in list(living):
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            living.discard(pid)
            _tell(pid, os.waitstatus_to_exitcode(status))


def _tell(pid: int, status: int | None) -> None:
    os.write(1, json.dumps([pid, status]).encode() + b"\n")


def _fork(order: dict[str, Any]) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        _tell(pid, None)
        return pid
    code = 1
    try:
        _become(order, parent)
        runpy.run_path(sys.argv[0], run_name="__main__")
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:  # whatever ends a main module ends it with its traceback and 1, as Python does
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _become(order: dict[str, Any], parent: int) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    die_with(parent)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sink = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    sys.argv = order["command"]
    sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))


if __name__ == "__main__":
    serve()
