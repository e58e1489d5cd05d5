"""Many ticks due at one instant: rqclock's fire step beside RQ's own `enqueue` loop and `rq cron`, in one run.

python -m bench.enqueue [--ticks 10000] [--rounds 3]
"""

from __future__ import annotations

import gc
import logging
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
import redis
from rq import Queue
from rq.cron import CronScheduler

from bench.work import nothing
from rqclock import Clock
from rqclock.running.entries import Outage
from rqclock.running.ticker import Ticker
from rqclock.store.keys import Keys
from rqclock.store.lease import Lease
from rqclock.store.ledger import Ledger
from rqclock.timetable.schedules import Timetable
from tests.support.server import Server

DAY = 86_400


@click.command()
@click.option("--ticks", default=10_000, show_default=True)
@click.option("--rounds", default=3, show_default=True)
def main(ticks: int, rounds: int) -> None:
    """Print the seconds of each system and its ratio to rqclock's, as medians of the rounds."""
    clock = Clock("Europe/London")
    for n in range(ticks):
        clock.every("day", at="08:00", name=f"schedule {n}").enqueue(nothing, n)
    timetable = clock.timetable()
    systems: dict[str, Callable[[redis.Redis], float]] = {
        "rqclock": lambda connection: rqclock(connection, timetable),
        "rq enqueue": lambda connection: rq_enqueue(connection, ticks),
        "rq cron": lambda connection: rq_cron(connection, ticks, level=logging.INFO),
        "rq cron -q": lambda connection: rq_cron(connection, ticks, level=logging.ERROR),
    }
    seconds: dict[str, list[float]] = {name: [] for name in systems}
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder)).start()
        try:
            for _ in range(rounds):
                for name, measure in systems.items():
                    seconds[name].append(_measured(server, measure, ticks))
        finally:
            server.kill()
    ours = statistics.median(seconds["rqclock"])
    for name, found in seconds.items():
        middle = statistics.median(found)
        spread = f"{min(found):.3f} to {max(found):.3f} s"
        click.echo(f"{name:12} {ticks} jobs in {middle:.3f} s ({spread}); {middle / ours:.1f} times rqclock's time")


def _measured(server: Server, measure: Callable[[redis.Redis], float], ticks: int) -> float:
    connection = server.client()
    connection.flushall()
    gc.collect()
    took = measure(connection)
    queued = connection.llen("rq:queue:default")
    assert queued == ticks, f"{queued} jobs are in the queue instead of {ticks}"
    connection.close()
    return took


def rqclock(connection: redis.Redis, timetable: Timetable) -> float:
    """The leader's step at the instant at which all are due."""
    start = int(time.time()) // DAY * DAY
    clock = [float(start)]
    keys = Keys("rq", timetable.slug)
    lease = Lease(connection, keys, timetable.fingerprint, 60.0, time.monotonic)
    lease.join(start)
    lease.beat(start)
    assert lease.acquire(start)
    ticker = Ticker(timetable, Ledger(connection, keys, lease), now=lambda: clock[0], pause=lambda: None)
    ticker.take_lead(Outage())
    due = ticker.wait_until()
    assert due is not None
    clock[0] = float(due)
    began = time.perf_counter()
    ticker.step()
    return time.perf_counter() - began


def rq_enqueue(connection: redis.Redis, ticks: int) -> float:
    """A loop over RQ's own `enqueue`."""
    queue = Queue(connection=connection, serializer="json")
    began = time.perf_counter()
    for n in range(ticks):
        queue.enqueue(nothing, n)
    return time.perf_counter() - began


def rq_cron(connection: redis.Redis, ticks: int, *, level: int) -> float:
    """The pass of `rq cron` in which all are due; it logs a line a job from INFO on, as it comes."""
    scheduler = CronScheduler(connection=connection)
    scheduler.log.setLevel(logging.ERROR)
    for n in range(ticks):
        scheduler.register(nothing, queue_name="default", args=(n,), interval=DAY, name=f"schedule {n}")
    scheduler.log.setLevel(level)
    began = time.perf_counter()
    scheduler.enqueue_jobs()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
