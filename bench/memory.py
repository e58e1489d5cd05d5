"""What rqclock costs a Redis: bytes of a schedule, of a run in the history, of a queued job; connections; idle traffic.

    python -m bench.memory [--schedules 2000] [--runs 2000] [--jobs 10000] [--seconds 20]

On an embedded server. Bytes are what the server says of its own memory, before and after; connections are those of
CLIENT LIST while each real process stands by itself and has nothing to do; commands are INFO's, those that scripts
call inside the server included.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click
import redis
from rq import Queue

from bench.work import nothing
from rqclock import Clock, Job
from rqclock.dev.ports import any_free
from rqclock.jobs.serializer import JobSerializer
from tests.support.fleet import Web
from tests.support.leader import Leader
from tests.support.processes import Launched
from tests.support.scraping import Scrape
from tests.support.server import Server
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[1]
CLOCK = """
from rqclock import Clock
from bench.work import nothing
clock = Clock()
for n in range(100):
    clock.every("year", name=f"schedule {n}").enqueue(nothing, n)
if __name__ == "__main__":
    clock.run()
"""
HISTORY = ("ledger", "outcomes", "index")
SETTLED = 3.0  # seconds without a new connection
WORKER = ("rq", "worker", "-q", "-c", "rqclock.rq_settings", "-w", "rqclock.Worker", "-j", "rqclock.Job")
PATIENCE = 60.0
NOWHERE = "http://127.0.0.1:1/"


@click.command()
@click.option("--schedules", default=2000, show_default=True)
@click.option("--runs", default=2000, show_default=True, help="Runs of one schedule, each worked.")
@click.option("--jobs", default=10_000, show_default=True)
@click.option("--seconds", default=20, show_default=True, help="Of idling that are counted.")
def main(schedules: int, runs: int, jobs: int, seconds: int) -> None:
    """Print a line for each figure."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "redis").start()
        try:
            client = server.client()
            _bytes(client, schedules, runs, jobs)
            _processes(House(Path(folder), server.url, client), seconds)
        finally:
            server.kill()


# --- bytes


def _bytes(client: redis.Redis, schedules: int, runs: int, jobs: int) -> None:
    once = _grown(client, lambda: _publish(client, 1))
    half, whole = (_grown(client, lambda n=n: _publish(client, n)) for n in (schedules // 2, schedules))
    click.echo(f"once for everything: {once / 1000:.0f} KB")
    click.echo(f"a schedule: {(whole - half) / (schedules - schedules // 2):.0f} bytes")
    queued, kept = _of_a_run(client, runs)
    click.echo(f"a run in the history, its end included: {kept:.0f} bytes")
    click.echo(f"a queued job of a schedule: {queued:.0f} bytes")
    click.echo(f"a queued job of the application: {_grown(client, lambda: _enqueue(client, jobs)) / jobs:.0f} bytes")
    _empty(client)


def _grown(client: redis.Redis, work: Any) -> int:
    """By how many bytes the empty server grows."""
    _empty(client)
    before = client.info("memory")["used_memory"]
    work()
    return int(client.info("memory")["used_memory"] - before)


def _empty(client: redis.Redis) -> None:
    """At once: memory that is given back later would be taken for what was used."""
    client.execute_command("FLUSHALL", "SYNC")  # type: ignore[no-untyped-call]


def _publish(client: redis.Redis, count: int) -> None:
    clock = Clock()
    for n in range(count):
        clock.every("day", at=f"{n % 24:02}:{n % 60:02}", name=f"schedule number {n:06}").enqueue(nothing, n)
    Leader(client, clock).lead()


def _of_a_run(client: redis.Redis, count: int) -> tuple[float, float]:
    """Bytes of a run whose job is queued, for the job alone; and of one that has ended."""
    _empty(client)
    clock = Clock()
    clock.every("second", name="tick").enqueue(nothing)
    leader = Leader(client, clock).lead()
    for _ in range(count):
        leader.step(1)
    queued = _size(client, *(leader.keys.job(job) for job in leader.queued()), "rq:queue:default")
    leader.work()
    keys = [leader.keys.of(name, "tick") for name in HISTORY]
    rows, ends = client.hlen(keys[0]), client.hlen(keys[1])
    assert rows == ends == count, (rows, ends)
    return queued / count, _size(client, *keys) / count


def _size(client: redis.Redis, *keys: str) -> int:
    return sum(int(client.memory_usage(key, samples=0) or 0) for key in keys)


def _enqueue(client: redis.Redis, count: int) -> None:
    queue = Queue(connection=client, job_class=Job, serializer=JobSerializer)
    for n in range(count):
        queue.enqueue(nothing, n)


# --- processes


class House:
    """Starts processes of a service beside the server that `client` asks."""

    def __init__(self, folder: Path, url: str, client: redis.Redis) -> None:
        self.client = client
        self._folder, self._url = folder, url
        self._before: Counter[str] = Counter()
        self._before = self._now()
        (folder / "clock.py").write_text(CLOCK)

    @contextmanager
    def running(self, *command: str, **variables: str) -> Iterator[Launched]:
        """A process, until the end of the block."""
        own = {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PYTHONPATH": str(ROOT),
            "REDIS_URL": self._url,
            "RQCLOCK_FILE": str(self._folder / "clock.py"),
            "RQCLOCK_SECRET_KEY": "for measuring",
            "RQCLOCK_DEV_SIGN_IN": "once",
            "RQCLOCK_JOB_MODULES": "bench.work",
            "RQCLOCK_ALIVE_DIR": str(self._folder),
        }
        log = self._folder / f"{time.monotonic_ns()}.log"
        process = Launched(command, cwd=self._folder, env={**os.environ, **own, **variables}, output=log)
        try:
            yield process
        finally:
            process.end()

    def connections(self) -> Counter[str]:
        """How many there are of each name, once no more come."""
        found, since = self._now(), time.monotonic()
        while time.monotonic() - since < SETTLED:
            time.sleep(0.2)
            if (now := self._now()) != found:
                found, since = now, time.monotonic()
        return found

    def _now(self) -> Counter[str]:
        return Counter(one["name"] or "without a name" for one in self.client.client_list()) - self._before

    def commands(self, seconds: int) -> float:
        """How many a second the server runs."""
        before = self._calls()
        time.sleep(seconds)
        return (self._calls() - before) / seconds

    def _calls(self) -> int:
        stats = self.client.info("commandstats")
        return sum(int(of["calls"]) for name, of in stats.items() if name != "cmdstat_info")


def _processes(house: House, seconds: int) -> None:
    with house.running("python", "clock.py") as clock:
        clock.wait_for("leading", PATIENCE)
        leading = house.connections()
        click.echo(f"a leading clock: {_said(leading)}; idle: {house.commands(seconds):.1f} commands a second")
        with house.running("python", "clock.py") as standby:
            standby.wait_for("joined", PATIENCE)
            click.echo(f"one that stands by: {_said(house.connections() - leading)}")
    for count in (1, 4):
        with _worker(house, count):
            said = _said(house.connections())
            click.echo(f"a worker with {count} at work: {said}; idle: {house.commands(seconds):.1f} commands a second")
    with ExitStack() as open_:
        _web(house, open_)
        click.echo(f"web, after some pages and a scrape: {_said(house.connections())}")
    with house.running(
        "python", "-m", "rqclock", "watch", RQCLOCK_ALERT_WEBHOOK=NOWHERE, RQCLOCK_SILENT_AFTER="5"
    ) as watch:
        watch.wait_for("could not be sent", PATIENCE)  # that no clock is there
        click.echo(f"wherever alerts are judged, by one channel: {_said(house.connections())}")


@contextmanager
def _worker(house: House, count: int) -> Iterator[None]:
    """One whose processes have all had something to do."""
    _empty(house.client)
    with house.running(*WORKER, WORKER_CONCURRENCY=str(count)) as worker:
        _enqueue(house.client, 20 * count)
        until(lambda: house.client.zcard("rq:finished:default") == 20 * count, PATIENCE, what=worker)
        yield


def _web(house: House, open_: ExitStack) -> None:
    port = any_free()
    command = ("gunicorn", "-c", "python:rqclock.gunicorn_settings", "--bind", f"127.0.0.1:{port}")
    web = Web(f"http://127.0.0.1:{port}", open_.enter_context(house.running(*command, RQCLOCK_METRICS_TOKEN="t")))
    for path in ("/", "/jobs", "/activity", "/rq/"):
        code, _ = web.page(path)
        assert code == 200, path
    Scrape.at(f"{web.address}/metrics", token="t")


def _said(names: Counter[str]) -> str:
    """`3 connections (rqclock-clock 3)`."""
    parts = ", ".join(f"{name} {count}" for name, count in sorted(names.items()))
    return f"{names.total()} connections ({parts})"


if __name__ == "__main__":
    main()
