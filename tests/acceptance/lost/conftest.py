"""A clock that leads, stock workers beside it, and what became of jobs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py
from rq import Queue

from rqclock import Job
from rqclock.jobs.serializer import JobSerializer
from rqclock.store.replies import text
from tests.support.lab import ROOT, Lab
from tests.support.processes import Launched
from tests.support.server import Server
from tests.support.waiting import until


class Yard:
    """One server, one clock with no schedule that is due, and workers."""

    def __init__(self, lab: Lab, *lines: str) -> None:
        self.lab = lab
        self.server: Server = lab.server()
        self.redis: redis_py.Redis = lab.client(self.server)
        lines = lines or ('clock.on_demand("nothing due").enqueue(jobs.plain)',)
        self.clock = lab.clock(self.server.url, lab.file(*lines), lease=None)
        self.clock.wait_for("leading")
        self.workers: list[Launched] = []

    def queue(self, name: str = "default") -> Queue:
        return Queue(name, connection=self.redis, job_class=Job, serializer=JobSerializer)

    def run(self, *command: str, **env: str) -> Launched:
        """Any program of the environment, by its module."""
        path = self.lab.folder / f"run-{len(self.workers)}.log"
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "REDIS_URL": self.server.url, **env}
        self.workers.append(
            Launched([sys.executable, "-m", *command], cwd=self.lab.folder, env=environment, output=path)
        )
        return self.workers[-1]

    def worker(self, *queues: str, url: str | None = None, options: tuple[str, ...] = (), **env: str) -> Launched:
        """A stock `rq worker` that reads our jobs."""
        reads = ("-j", "rqclock.Job", "-S", "json", "-u", url or self.server.url, *options)
        return self.run("rq.cli", "worker", *(queues or ("default",)), *reads, **env)

    def status(self, job_id: str) -> str:
        return text(self.redis.hget(f"rq:job:{job_id}", "status") or "gone")

    def ends(self, job_id: str, *statuses: str, timeout: float = 60.0) -> str:
        """Wait for one of these statuses."""

        def there() -> str | None:
            found = self.status(job_id)
            return found if found in statuses else None

        return until(there, timeout, what=f"{statuses} of {job_id}, {self.story()}") or ""

    def story(self) -> str:
        return "\n".join(process.output[-2000:] for process in [self.clock, *self.workers])

    def close(self) -> None:
        for worker in self.workers:
            worker.end()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(tmp_path)
    yield lab
    lab.close()


@pytest.fixture
def yard(lab: Lab) -> Iterator[Yard]:
    yard = Yard(lab)
    yield yard
    yard.close()


def times(trace: Path) -> list[float]:
    """The instants at which a job left its line."""
    return [float(line) for line in trace.read_text().splitlines()] if trace.exists() else []


def show(name: str, **figures: Any) -> None:
    """A line of the report: `pytest -s` prints it."""
    shown = "  ".join(
        f"{key} {value:.2f} s" if isinstance(value, float) else f"{key} {value}" for key, value in figures.items()
    )
    print(f"\n  {name:<34} {shown}", end="", flush=True)
