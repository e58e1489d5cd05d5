"""The schedules page with 5,000 schedules and a million rows of history: is it there within 300 ms?

    python -m bench.console [--schedules 5000] [--rows 1000000] [--times 15]

A real web process (gunicorn) on an embedded server. The first request reads the timetable; the others are measured.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from urllib.request import Request, urlopen

import click
import redis

from bench.work import nothing
from rqclock import Clock
from rqclock.dev.ports import any_free
from rqclock.store.keys import Keys
from rqclock.timetable.schedules import Schedule
from rqclock.web import create_app
from tests.integration.web.timetables import Led
from tests.support.processes import Launched
from tests.support.server import Server
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[1]
LIMIT = 300  # milliseconds
PATHS = {
    "schedules": "/",
    "a later page": "/?page=60",
    "by next run": "/?sort=next",
    "searched": "/?q=schedule+49",
    "its live part": "/?live=1",
    "went wrong": "/?state=wrong",
    "one schedule": "/schedules/default/schedule%2042",
    "jobs": "/jobs",
    "activity": "/activity",
}
MEASURED = ("schedules", "a later page", "by next run", "searched", "its live part", "one schedule")


@click.command()
@click.option("--schedules", default=5000, show_default=True)
@click.option("--rows", default=1_000_000, show_default=True)
@click.option("--times", default=15, show_default=True)
def main(schedules: int, rows: int, times: int) -> None:
    """Print a row for each page; exit code 1 when one of the schedules pages takes longer than 300 ms."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "redis").start()
        port = any_free()
        try:
            _fill(server.client(), schedules, rows)
            web = _web(server, port, Path(folder))
            slow = _measure(f"http://127.0.0.1:{port}", times)
            web.end()
        finally:
            server.kill()
    sys.exit(1 if slow else 0)


def _timetable(count: int) -> Clock:
    clock = Clock("Europe/London")
    for n in range(count):
        at = f"{n % 24:02}:{n % 60:02}"
        if n % 3 == 0:
            clock.every("10 minutes", name=f"schedule {n}", owner=f"team {n % 40}").enqueue(nothing, n)
        elif n % 3 == 1:
            clock.every("working day", at=at, name=f"schedule {n}").enqueue(nothing, n)
        else:
            clock.cron("*/5 9-17 * * MON-FRI", name=f"schedule {n}").enqueue(nothing, n)
    return clock


def _fill(connection: redis.Redis, schedules: int, rows: int) -> None:
    began = time.perf_counter()
    led = Led(connection, _timetable(schedules), began=int(time.time()))
    each = rows // schedules
    for schedule in led.timetable.schedules:
        _history(connection, led.keys, schedule, each)
    click.echo(f"{schedules:,} schedules, {each * schedules:,} rows, filled in {time.perf_counter() - began:.0f} s")


def _history(connection: redis.Redis, keys: Keys, schedule: Schedule, count: int) -> None:
    ticks = list(islice(_past(schedule), count))
    pipeline = connection.pipeline(transaction=False)
    rows = {str(tick): json.dumps({"is": "enqueued", "at": tick * 1000 + 4}) for tick in ticks}
    ends = {
        str(tick): json.dumps({"status": "finished", "started": tick + 0.1, "ended": tick + 1.3, "worker": "w1"})
        for tick in ticks
    }
    pipeline.hset(keys.of("ledger", schedule.slug), mapping=rows)  # type: ignore[arg-type]
    pipeline.hset(keys.of("outcomes", schedule.slug), mapping=ends)  # type: ignore[arg-type]
    pipeline.zadd(keys.of("index", schedule.slug), {str(tick): tick for tick in ticks})
    pipeline.execute()


def _past(schedule: Schedule) -> Iterator[int]:
    """Instants of the past months; whether they are the schedule's own does not matter to the page."""
    return (int(time.time()) - 600 * n for n in range(1, 10**6))


def _web(server: Server, port: int, folder: Path) -> Launched:
    variables = {"REDIS_URL": server.url, "RQCLOCK_SECRET_KEY": "bench", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "gunicorn", "--no-control-socket", "--threads", "4"]
    command += ["--bind", f"127.0.0.1:{port}", "rqclock.web:create_app()"]
    web = Launched(command, cwd=ROOT, env=os.environ | variables, output=folder / "web.log")
    until(lambda: _answers(port), 30, what="the web process")
    return web


def _answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/livez", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _measure(address: str, times: int) -> list[str]:
    slow, cookie = [], _cookie()
    click.echo("page             first ms    median ms    slowest ms        kB")
    for name, path in PATHS.items():
        (first, size), *others = (_one(address + path, cookie) for _ in range(times + 1))
        median = statistics.median(took for took, _ in others)
        slowest = max(took for took, _ in others)
        click.echo(f"{name:15} {first:9.0f}  {median:11.0f}  {slowest:12.0f}  {size / 1000:8.0f}")
        slow += [name] if name in MEASURED and median > LIMIT else []
    return slow


def _one(address: str, cookie: str) -> tuple[float, int]:
    began = time.perf_counter()
    with urlopen(Request(address, headers={"Cookie": f"rqclock_session={cookie}"}), timeout=60) as answer:
        size = len(answer.read())
        assert answer.url == address, f"{address} leads to {answer.url}"
    return (time.perf_counter() - began) * 1000, size


def _cookie() -> str:
    app = create_app({"RQCLOCK_SECRET_KEY": "bench"})
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    person = {"id": "bench", "email": "bench@example.org", "roles": ["admin"], "since": time.time()}
    return str(serializer.dumps(person))


if __name__ == "__main__":
    main()
