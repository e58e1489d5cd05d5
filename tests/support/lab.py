"""Everything that one fault needs, in a folder of its own: servers, proxies, clock files and clocks."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import redis

from rqclock.store.keys import Keys
from rqclock.views.audit import Audit, Span
from tests.support.accounts import PERIODS, Accounts
from tests.support.nursery import nursery
from tests.support.ports import any_free
from tests.support.processes import Launched, alive, state
from tests.support.proxy import Proxy
from tests.support.server import Server
from tests.support.time_shift import TimeShift
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[2]
SABOTEUR = Path(__file__).with_name("saboteur.py")
LEASE = 0.5  # seconds: short, so that takeovers are quick; a moment's stall of the machine ends it too
STEADY = 4.0  # seconds: where a test says who leads, a stall of the machine must not change that
NOISE = 4.0  # seconds that a busy machine may add where a test that runs beside others asks how late something was
EVERY_SECOND = 'clock.every("second", name="tick").enqueue(jobs.plain)'
FILE = """
from rqclock import Clock
from tests.support import jobs

clock = Clock({arguments})
{lines}

if __name__ == "__main__":
    clock.run()
"""


class ClockProcess(Launched):
    """A clock. `health` is the port of its probes and figures, if it serves them."""

    health: int | None = None

    def __init__(self, command: Sequence[str], *, cwd: Path, env: Mapping[str, str], output: Path) -> None:
        program, *arguments = command[1:]
        if program == "-m" or "LD_PRELOAD" in env:  # which takes effect at the start of a program alone
            super().__init__(command, cwd=cwd, env=env, output=output)
            return
        self.command = list(command)
        self._output = output
        output.touch()
        self._process = nursery().start([program, *arguments], env=env, cwd=cwd, output=output)  # type: ignore[assignment]

    @property
    def running(self) -> bool:
        """The system knows its end before the nursery tells of it."""
        return super().running and alive(self.pid)

    @property
    def leads(self) -> bool:
        """Whether it says so itself: its last word on it is that it leads."""
        found = re.findall(r"leading \(epoch|standing by|handing over|leaving off|; waiting|stopped", self.output)
        return bool(found) and found[-1].startswith("leading") and self.running

    def says_more(self, text: str) -> Callable[[], bool]:
        """The answer tells whether it has said that again since."""
        before = self.output.count(text)
        return lambda: self.output.count(text) > before

    def figure(self, name: str) -> float:
        """A figure of `/metrics`."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.health}/metrics", timeout=5) as answer:
            text = answer.read().decode()
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        assert found, f"{name} is not among the figures:\n{text}"
        return float(found[1])

    def stop_still(self) -> None:
        """SIGSTOP: nothing of it runs on, its connections stay."""
        self.signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.signal(signal.SIGCONT)


class Lab:
    """`measured` is what the fault wants to be known by: name → value with its unit; it took `seconds`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.measured: dict[str, str] = {}
        self.seconds: float | None = None
        self.replica_link: Proxy
        self.clocks: list[ClockProcess] = []
        self._numbers = count(1)
        self._stack = ExitStack()

    # --- servers

    def server(self, **options: Any) -> Server:
        """A running server of its own; options as in `Server`."""
        server = Server(self.folder / f"server-{next(self._numbers)}", **options)
        self._stack.callback(server.kill)
        return server.start()

    def client(self, server: Server) -> Any:
        """A client of the server; `Any`, because redis-py's types speak of text where its answers are bytes."""
        client = server.client()
        self._stack.callback(client.close)
        return client

    def proxy(self, target: int) -> Proxy:
        """A proxy in front of a port."""
        proxy = Proxy(target).start()
        self._stack.callback(proxy.stop)
        return proxy

    def wall_clock(self, seconds: float = 0.0) -> TimeShift:
        """A wall clock that can be stepped; for `clock(time=…)` and `server(environment=time.environment)`."""
        return TimeShift(self.folder / f"time-{next(self._numbers)}", seconds=seconds)

    # --- clocks

    def file(self, *lines: str, name: str = "clock.py", arguments: str = "") -> Path:
        """A clock file of these lines; without any, one schedule `tick` that is due every second."""
        path = self.folder / name
        path.write_text(FILE.format(lines="\n".join(lines or (EVERY_SECOND,)), arguments=arguments))
        return path

    def clock(
        self,
        redis_url: str,
        file: Path | None = None,
        *,
        lease: float | None = LEASE,
        time: TimeShift | None = None,
        healthy: bool = False,
        program: tuple[str, ...] = (),
        **env: str,
    ) -> ClockProcess:
        """A clock process, started. `lease=None` is the default one; `healthy` serves its probes and figures."""
        file = file or (self.folder / "clock.py" if (self.folder / "clock.py").exists() else self.file())
        port = any_free() if healthy else None
        if port:
            env |= {"HEALTH_PORT": str(port), "HEALTH_HOST": "127.0.0.1"}
        clock = self._launch([sys.executable, *program, str(file)], self._environment(redis_url, lease, time) | env)
        clock.health = port
        return clock

    def fragile(self, redis_url: str, file: Path | None = None, **options: Any) -> ClockProcess:
        """A clock that falls when the lab's `sabotage` says so."""
        return self.clock(redis_url, file, program=(str(SABOTEUR),), SABOTAGE=str(self._plan), **options)

    def run(self, *arguments: str, redis_url: str, file: Path | None = None) -> Launched:
        """A command of `rqclock`, started."""
        env = self._environment(redis_url, None, None) | {"RQCLOCK_FILE": str(file or self.folder / "clock.py")}
        return self._launch([sys.executable, "-m", "rqclock", *arguments], env)

    def sabotage(
        self, script: str, moment: str, *, leading: bool = False, by: int = signal.SIGKILL
    ) -> Callable[[], ClockProcess | None]:
        """Let the next fragile clock that comes to this point fall by this signal. The answer tells which one did."""
        fallen = self.folder / f"fallen-{next(self._numbers)}"
        plan = {"script": script, "moment": moment, "signal": int(by), "leading": leading, "fallen": str(fallen)}
        draft = self._plan.with_suffix(".draft")
        draft.write_text(json.dumps(plan))
        draft.rename(self._plan)  # at once, so that nobody reads half of it
        expected = ("T",) if by == signal.SIGSTOP else ("", "X", "Z")

        def found() -> ClockProcess | None:
            pid = int(fallen.read_text() or 0) if fallen.exists() else 0
            return next((clock for clock in self.clocks if clock.pid == pid and state(pid) in expected), None)

        return found

    def leading(self, clocks: list[ClockProcess] | None = None) -> ClockProcess | None:
        """Which of the clocks leads at this moment, if any."""
        return next((clock for clock in clocks or self.clocks if clock.leads), None)

    def leader(self, clocks: list[ClockProcess] | None = None, *, timeout: float = 60.0) -> ClockProcess:
        """Wait until one of the clocks leads, and return it."""
        found = until(lambda: self.leading(clocks), timeout, what=self._story())
        assert found
        return found

    # --- ticks

    def cursor(self, client: redis.Redis, slug: str = "tick", clock: str = "default") -> int:
        """The last decided tick, 0 if there is none."""
        return int(client.hget(f"rq:clock:{clock}:cursors", slug) or 0)

    def ticks(self, client: redis.Redis, more: int = 2, *, slug: str = "tick", timeout: float = 60.0) -> int:
        """Wait until so many seconds' worth of further ticks are decided; the last one."""
        before = self.cursor(client, slug) or until(lambda: self.cursor(client, slug), timeout, what=self._story())
        until(lambda: self.cursor(client, slug) >= before + more, timeout, what=self._story())
        return self.cursor(client, slug)

    def reaches(self, client: redis.Redis, tick: float, *, slug: str = "tick", clock: str = "default") -> None:
        """Wait until all ticks up to that instant are decided."""
        until(lambda: self.cursor(client, slug, clock) >= int(tick), 60, what=self._story())

    def accounts(
        self,
        client: redis.Redis,
        periods: Mapping[str, Any] = PERIODS,
        *,
        clock: str = "default",
        before: Sequence[str] = (),
    ) -> Accounts:
        """The accounts, if they are right and `rqclock audit` agrees; else the test fails with what was said."""
        accounts = Accounts.read(client, periods, clock=clock, before=before)
        keys = Keys("rq", clock)
        for slug in periods:
            audit = Audit(client, keys, Span(0, self.cursor(client, slug, clock) + 1))
            accounts.problems.extend(f"audit: {found}" for found in audit.findings(slug) if found.is_difference)
        if accounts.problems:
            print(self._story())
        return accounts.check()

    def stop(self) -> None:
        """SIGTERM to all clocks that run, and wait for their end: from then on nothing is decided any more."""
        stopped = [clock for clock in self.clocks if clock.running]
        for clock in stopped:
            clock.go_on()
            clock.signal(signal.SIGTERM)
        for clock in stopped:
            assert clock.wait() == 0, clock.output

    def note(self, name: str, value: float, unit: str = "s") -> None:
        """A figure that the table shows."""
        self.measured[name] = f"{value:.2f} {unit}" if isinstance(value, float) else f"{value} {unit}"

    def close(self) -> None:
        for process in reversed(self.clocks):
            process.end()
        self._stack.close()

    @property
    def _plan(self) -> Path:
        return self.folder / "sabotage"

    def _launch(self, command: list[str], env: Mapping[str, str]) -> ClockProcess:
        output = self.folder / f"output-{next(self._numbers)}.log"
        clock = ClockProcess(command, cwd=ROOT, env={**os.environ, **env}, output=output)
        self.clocks.append(clock)
        return clock

    def _environment(self, redis_url: str, lease: float | None, time: TimeShift | None) -> dict[str, str]:
        env = {
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "REDIS_URL": redis_url,
            "RQCLOCK_ALIVE_DIR": str(self.folder / "alive"),
        }
        return env | ({} if lease is None else {"RQCLOCK_LEASE": f"{lease:g}"}) | (time.environment if time else {})

    def _story(self) -> Story:
        return Story(self.clocks)


class Story:
    """What all processes have said, put together only when somebody reads it."""

    def __init__(self, clocks: list[ClockProcess]) -> None:
        self._clocks = clocks

    def __str__(self) -> str:
        return "\n".join(f"--- {clock.pid} {clock.command[1:]}:\n{clock.output[-3000:]}" for clock in self._clocks)
