"""Starts everything in its order, waits for the end of it, and stops everything in its order."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rqclock.dev import embedded, ports
from rqclock.dev.console import Console
from rqclock.dev.environment import Page
from rqclock.dev.guard import adopt_orphans, end_descendants
from rqclock.dev.process import Process, Surroundings, ended
from rqclock.dev.procfile import Line

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SERVER_PATIENCE = 30.0
SERVER = "redis"
SEED = "seed"


@dataclass(frozen=True)
class Server:
    """The embedded server: where it listens, what starts it, and the lock that it holds as long as it lives."""

    port: int
    command: Sequence[str]
    lock: int

    @property
    def url(self) -> str:
        return f"redis://{ports.LOOPBACK}:{self.port}/0"


@dataclass(frozen=True)
class Plan:
    """What to run. `seeded` is the file that says the sample database is filled; None without one."""

    lines: Sequence[Line]
    server: Server | None
    seeded: Path | None
    page: Page | None

    @property
    def names(self) -> list[str]:
        return [SERVER, *(line.name for line in self.lines)]


class Runner:
    """One life of `rqclock dev`."""

    def __init__(self, plan: Plan, *, folder: Path, environment: dict[str, str], console: Console) -> None:
        self._plan = plan
        self._console = console
        self._around = Surroundings(folder, environment, console, self._end_orphans)
        self._running: dict[Process, asyncio.Task[int]] = {}
        self._asked = asyncio.Event()
        self._signal = 0

    async def run(self) -> int:
        """Live until a signal (128 + its number), or until something cannot go on (its exit code)."""
        adopt_orphans()
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._on_signal, number)
        self._console.on_closed = lambda: self._on_signal(signal.SIGPIPE)
        life = asyncio.create_task(self._live())
        asked = asyncio.create_task(self._asked.wait())
        try:
            await asyncio.wait({life, asked}, return_when=asyncio.FIRST_COMPLETED)
            return 128 + self._signal if self._signal else life.result()
        finally:
            life.cancel()
            asked.cancel()
            await self._end()

    def _on_signal(self, number: int) -> None:
        if self._signal:
            self._console.say("killing what is left")
            for process in self._running:
                process.kill()
            return
        self._signal = number
        self._asked.set()
        self._console.say("stopping; once more kills at once")

    async def _live(self) -> int:
        """Start everything; the exit code of the first that cannot go on."""
        for step in (self._start_server, self._seed):
            if code := await step():
                return code
        for line in self._plan.lines:
            self._keep(Process(line.name, command=line.arguments, around=self._around))
        page = asyncio.create_task(self._announce_page())
        done, _ = await asyncio.wait(self._running.values(), return_when=asyncio.FIRST_COMPLETED)
        page.cancel()
        return max(task.result() for task in done)

    def _keep(self, process: Process) -> None:
        self._running[process] = asyncio.create_task(process.keep_running())

    async def _start_server(self) -> int:
        server = self._plan.server
        if server is None:
            return 0
        self._keep(Process(SERVER, command=server.command, around=self._around, held=(server.lock,)))
        with suppress(TimeoutError):
            async with asyncio.timeout(SERVER_PATIENCE):
                while not await asyncio.to_thread(embedded.answers, server.port):
                    await asyncio.sleep(0.05)
            return 0
        self._console.say(
            "the embedded server does not answer; its own words are above. `--reset` starts with an empty one"
        )
        return 1

    async def _seed(self) -> int:
        """Make and fill the sample's database, once: a half-made one is filled again at the next start."""
        if self._plan.seeded is None or self._plan.seeded.exists():
            return 0
        self._console.say("first start: making the sample's database")
        process = Process(SEED, command=["python", "-m", "services.seed"], around=self._around)
        task = self._running[process] = asyncio.create_task(process.keep_running(again=False))
        await asyncio.wait({task})  # unlike a bare await, its cancellation leaves the task to its own stop
        code = task.result()
        del self._running[process]
        if code:
            self._console.say(f"`python -m services.seed` {ended(code)}; its own words are above")
            return code
        self._plan.seeded.touch()
        return 0

    async def _announce_page(self) -> None:
        page = self._plan.page
        if page is None:
            return
        while not await asyncio.to_thread(ports.is_answered, page.port):
            await asyncio.sleep(0.1)
        self._console.say(f"the page is up; sign in, once: {page.sign_in}")

    async def _end(self) -> None:
        """Everything at once, the server after all others: they still have leases to hand over."""
        servers = [process for process in self._running if process.name == SERVER]
        await asyncio.gather(*(process.stop() for process in self._running if process not in servers))
        await asyncio.gather(*(process.stop() for process in servers))
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        end_descendants()

    def _end_orphans(self) -> None:
        end_descendants(frozenset(process.pid for process in self._running if process.pid))
