"""All processes of one service at one Redis: clocks, our worker, RQ's own, the web process, commands."""

from __future__ import annotations

import os
import re
import sys
from html import unescape
from http.cookiejar import CookieJar
from itertools import count
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

from tests.support.lab import ROOT, ClockProcess, Lab
from tests.support.ports import any_free
from tests.support.processes import Launched
from tests.support.waiting import until

LINES = """
clock.every("second", name="tick", late_ok="2 minutes").enqueue(errands.untouched)
clock.every("second", name="ours").enqueue(errands.ours, "{folder}")
clock.every("second", name="stock").enqueue(errands.stock, "{folder}")
clock.on_demand("by hand").enqueue(errands.ours, "{folder}")
"""
PATIENCE = 60.0  # seconds: other tests may keep the machine busy


class Fleet:
    """The processes read `env`, and the same clock file; they and all that they started end with `close`."""

    def __init__(self, folder: Path, url: str, **env: str) -> None:
        self.lab, self.folder = Lab(folder), folder
        self._env = {"REDIS_URL": url, **env}
        self._file = self.lab.file("from tests.support import errands", LINES.format(folder=folder))
        self._others: list[Launched] = []
        self._kept: Launched | None = None
        self.restarts = 0  # of RQ's own worker, which a platform starts again when it ends
        self._numbers = count(1)

    # --- processes

    def clock(self) -> ClockProcess:
        """With the lease that clocks have by default."""
        rest: dict[str, Any] = {name: value for name, value in self._env.items() if name != "REDIS_URL"}
        return self.lab.clock(self._env["REDIS_URL"], self._file, lease=None, **rest)

    def worker(self) -> Launched:
        """`rqclock.Worker`."""
        return self.launch(
            "rq", "worker", "-c", "rqclock.rq_settings", "-w", "rqclock.Worker", "-j", "rqclock.Job", "ours"
        )

    def stock(self) -> Launched:
        """RQ's own worker class."""
        self._kept = self.launch("rq", "worker", "-c", "rqclock.rq_settings", "-j", "rqclock.Job", "stock")
        return self._kept

    def web(self) -> Web:
        """The console in gunicorn, signed in."""
        port = any_free()
        command = ("gunicorn", "-c", "python:rqclock.gunicorn_settings", "--bind", f"127.0.0.1:{port}")
        return Web(f"http://127.0.0.1:{port}", self.launch(*command))

    def command(self, *arguments: str) -> Launched:
        """`rqclock …`."""
        return self.launch(sys.executable, "-m", "rqclock", *arguments)

    def launch(self, *command: str) -> Launched:
        env = {**os.environ, **self.environment}
        made = Launched(command, cwd=ROOT, env=env, output=self.folder / f"other-{next(self._numbers)}.log")
        self._others.append(made)
        return made

    @property
    def environment(self) -> dict[str, str]:
        """What every process of the service is given."""
        return {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "RQCLOCK_FILE": str(self._file),
            "RQCLOCK_SECRET_KEY": "for tests",
            "RQCLOCK_DEV_SIGN_IN": "once",
            **self._env,
        }

    def close(self) -> None:
        for process in reversed(self._others):
            process.end()
        self.lab.close()

    # --- what they do

    def works_in_short(self) -> None:
        """See a clock and a worker do their work: what is shown to Redis is the same for all."""
        self.clock()
        self.worker()
        self.runs_on("ours", more=1)

    def works(self) -> Web:
        """Start one of each, and see all of them do their work."""
        self.clock()
        self.worker()
        self.stock()
        web = self.web()
        self.runs_on("ours", "stock", more=1)
        until(web.shows_the_clock, PATIENCE, what=Said(self))
        assert web.press("/run-now/default/by%20hand")[0] == 200
        until(lambda: any("by-hand" in job for job in self.ran("ours")), PATIENCE, what=Said(self))
        assert web.page("/rq/")[0] == 200
        assert "by hand" in self.status()
        return web

    def ran(self, queue: str) -> list[str]:
        """The ids of the jobs that left their line, in their order."""
        file = self.folder / queue
        return file.read_text().split() if file.exists() else []

    def runs_on(self, *queues: str, more: int = 2) -> None:
        """Wait until so many more jobs of each queue have run."""
        goals = {queue: len(self.ran(queue)) + more for queue in queues}
        until(lambda: self._keep() and all(len(self.ran(q)) >= n for q, n in goals.items()), PATIENCE, what=Said(self))

    def _keep(self) -> bool:
        if self._kept is not None and not self._kept.running:
            self.restarts += 1
            self.stock()
        return True

    def status(self) -> str:
        """What `rqclock status` prints; it has to succeed."""
        process = self.command("status")
        assert process.wait(PATIENCE) == 0, process.output
        return process.output

    def said(self) -> str:
        """The output of all processes."""
        everybody = [*self.lab.clocks, *self._others]
        return "\n".join(f"--- {process.command}:\n{process.output[-3000:]}" for process in everybody)


class Said:
    """What all have said, put together only when somebody reads it."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def __str__(self) -> str:
        return self._fleet.said()


class Web:
    """A person's browser at the web process."""

    def __init__(self, address: str, process: Launched) -> None:
        self.address, self.process = address, process
        self._browser = build_opener(HTTPCookieProcessor(CookieJar()))
        until(self._answers, PATIENCE, what=process)
        self.signed_in = False

    def page(self, path: str = "/") -> tuple[int, str]:
        """Status and text."""
        if not self.signed_in:
            self.signed_in = self._ask(Request(f"{self.address}/sign-in/dev?token=once"))[0] == 200
        return self._ask(Request(self.address + path))

    def press(self, path: str) -> tuple[int, str]:
        """Open the page that asks, and say yes."""
        code, page = self.page(path)
        if code != 200:
            return code, page
        pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.split("<form")[-1])
        fields = {name: unescape(value) for name, value in pairs}
        return self._ask(Request(self.address + path, urlencode(fields).encode(), {"Origin": self.address}))

    def shows_the_clock(self) -> bool:
        """Whether the first page says that a clock runs."""
        code, page = self.page()
        return code == 200 and "Clock: running on" in page

    def _answers(self) -> bool:
        assert self.process.running, self.process.output
        try:
            return self._ask(Request(f"{self.address}/livez"))[0] == 200
        except OSError:
            return False

    def _ask(self, request: Request) -> tuple[int, str]:
        try:
            with self._browser.open(request, timeout=30) as answer:
                return int(answer.status), answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()
