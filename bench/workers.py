"""Workers beside each other in one run: rqclock's, RQ's own and, where it is installed, Celery's prefork.

    python -m bench.workers [--jobs 2000] [--rounds 3] [--ticks 30] [--celery PYTHON]

Each has one process for jobs, runs the same job that does nothing on the same embedded server, and keeps its result:
first out of a full queue (jobs a second), then one job after another into an empty queue (milliseconds from before the
enqueue to the first line of the job). Those that take RQ's jobs are given some by a clock, too: milliseconds from a
run's planned second to the first line of its job. `--celery` names a Python that has Celery, where this one has not.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import click
from rq import Queue

from bench.work import nothing, stamp
from rqclock import Job
from rqclock.jobs.serializer import JobSerializer
from tests.support.server import Server
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[1]
RQ = ("-m", "rq.cli", "worker", "-q", "-j", "rqclock.Job", "-w")
CELERY = ("-m", "celery", "-A", "bench.celery_app", "worker", "--pool=prefork", "--concurrency=1", "-l", "ERROR")
OURS = "rqclock.Worker"
CLOCK = """
from bench.work import stamp
from rqclock import Clock

clock = Clock()
clock.every("second", name="stamp").enqueue(stamp, {url!r})
clock.run()
"""
SLOWER = {"rq.Worker": 8}  # forks for each job: so many times fewer jobs are enough


class System:
    """One worker process on an empty server; this one is of RQ's kind."""

    def __init__(self, server: Server, name: str, command: tuple[str, ...]) -> None:
        self.name = name
        self._command = command
        self._redis = server.client()
        self._variables = {
            **os.environ,
            "REDIS_URL": server.url,
            "RQ_REDIS_URL": server.url,
            "PYTHONPATH": str(ROOT),
            "RQCLOCK_JOB_MODULES": "bench.work",
        }
        self._queue = Queue(connection=self._redis, job_class=Job, serializer=JobSerializer)

    def throughput(self, jobs: int) -> float:
        """Jobs a second out of a full queue, from the first one's end to the last one's."""
        self._redis.flushall()
        self.fill(jobs)
        with self._worker():
            until(self.done, 60, what=f"the first job of {self.name}")
            first, began = self.done(), time.perf_counter()
            until(lambda: self.done() >= jobs, 300, what=f"the last job of {self.name}")
            return (jobs - first) / (time.perf_counter() - began)

    def latencies(self, jobs: int) -> list[float]:
        """Milliseconds to the first line, for each of some jobs into an empty queue."""
        self._redis.flushall()
        found = []
        with self._worker(), self.asking():
            for n in range(jobs + 1):
                asked = self.ask()
                until(lambda n=n: self._redis.llen("bench:started") > n, 60, what="a start")  # type: ignore[misc]
                began = self._redis.lindex("bench:started", -1)
                found.append((float(began or 0) - asked) * 1000)
                time.sleep(0.02)  # the worker is back at its queue, as it is when a tick comes
        return found[1:]  # the first one has waited for the worker's own start

    def lateness(self, ticks: int, folder: Path) -> list[float]:
        """Milliseconds from the second at which a run is due to the first line of its job, for so many of a clock's."""
        self._redis.flushall()
        file = folder / "clock.py"
        file.write_text(CLOCK.format(url=self._variables["REDIS_URL"]))
        with self._worker(), self._runs((sys.executable, str(file))):
            until(lambda: self._redis.llen("bench:started") > ticks, ticks + 60, what="the jobs of a clock")
        started = [float(at) for at in self._redis.lrange("bench:started", -ticks, -1)]
        return [at % 1 * 1000 for at in started]  # each is due at a whole second, and begins long before the next

    def _worker(self) -> AbstractContextManager[None]:
        return self._runs(self._command)

    @contextmanager
    def _runs(self, command: tuple[str, ...]) -> Iterator[None]:
        process = self._start(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield
        finally:
            process.terminate()
            process.wait()

    def _start(self, command: tuple[str, ...], **streams: int) -> subprocess.Popen[str]:
        return subprocess.Popen(command, cwd=ROOT, env=self._variables, text=True, **streams)  # type: ignore[call-overload, no-any-return]

    def fill(self, jobs: int) -> None:
        for n in range(jobs):
            self._queue.enqueue(nothing, n)

    def done(self) -> int:
        return int(self._redis.zcard("rq:finished:default"))

    @contextmanager
    def asking(self) -> Iterator[None]:
        yield

    def ask(self) -> float:
        """Queue a job that notes when it begins; the instant before."""
        asked = time.time()
        self._queue.enqueue(stamp, self._variables["REDIS_URL"])
        return asked


class CelerySystem(System):
    """Celery: queued by a process of its own Python, and never by a clock of ours."""

    def lateness(self, ticks: int, folder: Path) -> list[float]:
        return []

    def fill(self, jobs: int) -> None:
        self._start((self._command[0], "-m", "bench.celery_app", "nothing", str(jobs))).wait()

    def done(self) -> int:
        return sum(1 for _ in self._redis.scan_iter("celery-task-meta-*", count=10_000))

    @contextmanager
    def asking(self) -> Iterator[None]:
        command = (self._command[0], "-m", "bench.celery_app", "stamp", "1")
        self._asker = self._start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            yield
        finally:
            self._asker.kill()
            self._asker.wait()

    def ask(self) -> float:
        assert self._asker.stdin and self._asker.stdout
        self._asker.stdin.write("\n")
        self._asker.stdin.flush()
        return float(self._asker.stdout.readline())


def systems(server: Server, celery: str) -> list[System]:
    """All that can be measured here."""
    here = (sys.executable, *RQ)
    found = [
        System(server, OURS, (*here, "rqclock.Worker", "default")),
        System(server, "rqclock.Worker, 3 queues", (*here, "rqclock.Worker", "high", "default", "low")),
        System(server, "rq.SimpleWorker", (*here, "rq.SimpleWorker", "default")),
        System(server, "rq.Worker", (*here, "rq.Worker", "default")),
    ]
    if subprocess.run([celery, "-c", "import celery"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
        found.append(CelerySystem(server, "Celery prefork", (celery, *CELERY)))
    else:
        click.echo("Celery is not installed: left out (--celery names a Python that has it)")
    return found


@click.command()
@click.option("--jobs", default=2000, show_default=True)
@click.option("--rounds", default=3, show_default=True)
@click.option("--ticks", default=30, show_default=True)
@click.option("--celery", default=sys.executable, help="A Python that has Celery.")
def main(jobs: int, rounds: int, ticks: int, celery: str) -> None:
    """Print jobs a second, the ratio of rqclock's to it, and the times to the start, as medians of the rounds."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder)).start()
        try:
            measured = systems(server, celery)
            rates: dict[str, list[float]] = {system.name: [] for system in measured}
            waits: dict[str, list[float]] = {system.name: [] for system in measured}
            for _ in range(rounds):
                for system in measured:
                    rates[system.name].append(system.throughput(jobs // SLOWER.get(system.name, 1)))
                    waits[system.name] += system.latencies(50)
            runs = {system.name: system.lateness(ticks, Path(folder)) for system in measured}
        finally:
            server.kill()
    ours = statistics.median(rates[OURS])
    for name, found in rates.items():
        rate, wait = statistics.median(found), statistics.quantiles(waits[name], n=20)
        times = f"rqclock.Worker runs {ours / rate:.1f} times as many" if name != OURS else ""
        of_clock = f"{statistics.median(runs[name]):5.1f} ms" if runs[name] else "       -"
        starts = f"start {wait[9]:5.1f} ms (95 %: {wait[18]:5.1f} ms), of a run {of_clock}"
        click.echo(f"{name:26} {rate:6.0f} jobs/s   {starts}   {times}")


if __name__ == "__main__":
    main()
