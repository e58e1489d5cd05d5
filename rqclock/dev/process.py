"""One process of the runner: started under its guard, again when it ends, stopped with its grace."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rqclock.dev import guard
from rqclock.dev.console import Console

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 10.0
STEADY = 30.0  # seconds; one that ran this long starts again after the shortest pause
NOT_FOUND = 127
GRACE = 10.0
LONGER_GRACE = {"worker": 30.0}  # it finishes the job in its hands


@dataclass(frozen=True)
class Surroundings:
    """What all processes share."""

    folder: Path
    environment: Mapping[str, str]
    console: Console
    on_orphans: Callable[[], None]  # a guard was killed: what stood below it may be ours now


class Process:
    """A command, and what is to become of it. `pid` is that of its guard, None while it does not run."""

    def __init__(self, name: str, *, command: Sequence[str], around: Surroundings, held: Sequence[int] = ()) -> None:
        """`held`: open files that stay open as long as the process lives."""
        self.name = name
        self._held = held
        self._command = list(command)
        self._around = around
        self._guard: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()
        self._killed = False

    @property
    def pid(self) -> int | None:
        return self._guard.pid if self._guard else None

    async def keep_running(self, *, again: bool = True) -> int:
        """Run the command, `again` and again until it is stopped or there is no such program. Its last exit code."""
        pause = FIRST_PAUSE
        try:
            while True:
                began = time.monotonic()
                code = await self.run_once()
                if self._stopping.is_set() or code == NOT_FOUND or not again:
                    return code
                pause = FIRST_PAUSE if time.monotonic() - began > STEADY else pause
                self._around.console.say(f"{self.name} {ended(code)}; it starts again in {pause:g} s")
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), pause)
                    return code
                pause = min(pause * 2, LONGEST_PAUSE)
        finally:
            self._ended.set()

    async def run_once(self) -> int:
        """Run the command to its end; its exit code, 128 + n after signal n."""
        self._guard, output = await self._start()
        copying = asyncio.create_task(self._around.console.copy(self.name, output))
        if self._killed:  # while it was being started
            self.kill()
        elif self._stopping.is_set():
            self._signal()
        code = await self._guard.wait()
        self._guard = None
        if code < 0:
            self._around.on_orphans()
        await copying
        return code if code >= 0 else 128 - code

    async def _start(self) -> tuple[asyncio.subprocess.Process, asyncio.StreamReader]:
        """The guard with the command in its hands, and what both print.

        The pipe is ours: asyncio's own would hold back a killed guard's end until its orphans have closed theirs.
        """
        reading, writing = os.pipe()
        try:
            started = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", guard.__file__, self.name),
                cwd=self._around.folder,
                env=self._around.environment,
                stdin=asyncio.subprocess.PIPE,
                stdout=writing,
                stderr=writing,
                start_new_session=True,  # the terminal's Ctrl-C is for the runner, which tells each in its way
                pass_fds=self._held,
            )
        finally:
            os.close(writing)
        assert started.stdin
        started.stdin.write(json.dumps(self._command).encode() + b"\n")
        output = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(output)
        await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(reading, "rb", 0))
        return started, output

    async def stop(self) -> None:
        """SIGTERM, its grace, then the end of everything below it."""
        self._stopping.set()
        grace = LONGER_GRACE.get(self.name.partition(".")[0], GRACE)
        self._signal()
        try:
            await asyncio.wait_for(self._ended.wait(), grace)
        except TimeoutError:
            self._around.console.say(f"{self.name} has not stopped within {grace:g} s: killed")
            self.kill()
            await self._ended.wait()

    def _signal(self) -> None:
        if self._guard and self._guard.returncode is None:
            with suppress(ProcessLookupError):
                self._guard.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it and everything below it now."""
        self._stopping.set()
        self._killed = True
        if self._guard and self._guard.stdin:
            self._guard.stdin.close()


def ended(code: int) -> str:
    """The end in words: `ended with 2`, `was ended by SIGKILL`."""
    if code > 128:
        with suppress(ValueError):
            return f"was ended by {signal.Signals(code - 128).name}"
    return f"ended with {code}"
