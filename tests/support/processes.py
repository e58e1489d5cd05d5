"""Real processes in tests: their output is kept, and they end with the test, or with pytest when that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from rqclock.dev.guard import descendants, die_with
from tests.support.waiting import until


class Launched:
    """A process that a test started. `output` is what it has printed so far, standard error included."""

    def __init__(
        self, command: Sequence[str | os.PathLike[str]], *, cwd: Path, env: Mapping[str, str], output: Path
    ) -> None:
        self.command = [os.fspath(part) for part in command]
        self._output = output
        me = os.getpid()
        with output.open("wb") as sink:
            self._process = subprocess.Popen(
                self.command,
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a signal to the group must not reach pytest
                preexec_fn=lambda: die_with(me),
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def output(self) -> str:
        return self._output.read_text(errors="replace")

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def below(self) -> list[int]:
        """The ids of all processes below this one."""
        return descendants(self.pid)

    def wait_for(self, text: str, timeout: float = 60.0) -> str:
        """Wait until `text` is in the output, and return the whole output. Fails at once when the process ends."""

        def there_or_over() -> bool:
            return text in self.output or not self.running

        with suppress(AssertionError):
            until(there_or_over, timeout)
        output = self.output
        state = "still runs" if self.running else f"ended with {self._process.returncode}"
        assert text in output, f"{text!r} is not in the output of {self.command}, which {state}:\n{output}"
        return output

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        """kill -9, and wait for the end of this one process."""
        self._process.kill()
        self._process.wait()

    def wait(self, timeout: float = 60.0) -> int:
        """Its exit code; negative when a signal ended it. Fails with the output when it doesn't end."""
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.command} has not ended after {timeout} s:\n{self.output}") from None

    def stop(self, timeout: float = 60.0) -> int:
        """SIGTERM, and its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def end(self) -> None:
        """Kill it and everything below it; no error when it is gone already."""
        if self.running:
            tree = self.below()
            self.kill()
            kill_all(tree)
            all_gone(tree)


Launch = Callable[..., Launched]


def kill_all(pids: Sequence[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def state(pid: int) -> str:
    """The system's letter for what the process does: T while it is stopped, Z when it is dead; "" when it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return ""
    return stat.rpartition(b")")[2].split()[0].decode()


def alive(pid: int) -> bool:
    """Whether the process runs: a zombie, dead and not yet reaped by its parent, does not."""
    return state(pid) not in ("", "X", "Z")


def all_gone(pids: Sequence[int], timeout: float = 30.0) -> None:
    """Wait until none of the processes runs."""
    until(lambda: not any(map(alive, pids)), timeout, what=f"the end of the processes {list(pids)}")
