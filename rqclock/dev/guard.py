"""Runs one command and lets nothing of it survive: not the command's own end, nor the end of who asked for it.

Started by its file name, `python -I -S guard.py LABEL`, with the command as one JSON line on standard input. That
stays open as long as the runner lives: its end, however it comes about (kill -9 included), ends every process here.
Orphans of the command (a work-horse whose worker was killed, a web worker without its master) come to this process,
not to init, so the walk down the tree misses none. The command stands on no command line but its own, so that
`pgrep -f clock.py` finds the clock alone. Standard library only.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from types import FrameType

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)


def die_with(parent: int) -> None:
    """Have this process killed when `parent` dies. Call it in the child between fork and exec."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we could ask
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of every orphan below, in place of init. Linux only; elsewhere a tree is as it stands."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def descendants(root: int) -> list[int]:
    """The processes below `root`, parents before children."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found = [root]
    for pid in found:  # grows while it is walked
        found.extend(children.get(pid, ()))
    return found[1:]


def end_descendants(spare: frozenset[int] = frozenset()) -> None:
    """Kill and reap every process below this one, but those in `spare` and below them."""
    me = os.getpid()
    kept = set(spare).union(*(descendants(pid) for pid in spare))
    while living := [pid for pid in descendants(me) if pid not in kept]:
        for pid in living:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in living:
            with suppress(ChildProcessError):  # a grandchild: ours only after its parent has gone
                os.waitpid(pid, 0)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _parents() -> Iterator[tuple[int, int]]:
    if not os.path.isdir("/proc/self"):
        yield from _parents_by_ps()
        return
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError), open(f"/proc/{name}/stat", "rb") as stat:  # gone meanwhile: not there
            yield int(name), int(stat.read().rpartition(b")")[2].split()[1])


def _parents_by_ps() -> Iterator[tuple[int, int]]:
    with os.popen("ps -axo pid=,ppid=") as table:
        for line in table:
            pid, parent = line.split()
            yield int(pid), int(parent)


def _read_command() -> list[str]:
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(0, 65536)
        if not part:
            sys.exit(1)  # the runner died before it had asked for anything
        line += part
    command: list[str] = json.loads(line)
    return command


def _start(command: list[str]) -> int:
    me = os.getpid()
    child = os.fork()
    if child:
        return child
    die_with(me)
    for number in (signal.SIGPIPE, signal.SIGCHLD, *FORWARDED):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
        os._exit(127)


def _watch(child: int, wake: int) -> int | None:
    """Wait for the end of `child` (its wait status) or of the runner (None)."""
    while True:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == child:
            return status
        if pid:
            continue  # an adopted orphan, now reaped: perhaps not the last
        ready, _, _ = select.select([0, wake], [], [])
        if wake in ready:
            os.read(wake, 512)
        if 0 in ready and not os.read(0, 512):
            return None


def _forward_to(child: int) -> None:
    def forward(number: int, frame: FrameType | None) -> None:
        with suppress(ProcessLookupError):
            os.kill(child, number)

    for number in FORWARDED:
        signal.signal(number, forward)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)


def main() -> int:
    """Run the command to its end; its exit code, 128 + n after signal n, or 137 when the runner went first."""
    signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)  # one that comes before the command does waits for it
    command = _read_command()
    adopt_orphans()
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)  # only to wake the select
    child = _start(command)
    _forward_to(child)
    status = _watch(child, wake)
    end_descendants()
    if status is None:
        return 128 + signal.SIGKILL
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


if __name__ == "__main__":
    sys.exit(main())
