"""How a clock grows with its timetable, from 100 to 100,000 schedules: loading, taking the lead, idling.

    python -m bench.scale [--sizes 100,1000,10000,100000] [--idle 10]

A real clock process on an embedded server; its processor time while nothing is due is read from the system.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import click

from rqclock.store.keys import Keys
from tests.support.server import Server
from tests.support.waiting import until

CLOCK = """
import os, sys, time
began = time.perf_counter()
from rqclock import Clock
from bench.work import nothing
clock = Clock("Europe/London")
for n in range(int(os.environ["BENCH_SCHEDULES"])):
    clock.every("day", at=f"{n % 24:02}:{n % 60:02}", name=f"schedule {n}", spread="1 hour").enqueue(nothing, n)
timetable = clock.timetable()
print(f"loaded {time.perf_counter() - began:.3f}", flush=True)
clock.timetable = lambda: timetable  # not twice
clock.run()
"""


class Seen(NamedTuple):
    """Seconds of loading and of taking the lead, seconds of processor until then; MiB and share of a processor."""

    load: float
    lead: float
    processor: float
    memory: float
    idle: float


@click.command()
@click.option("--sizes", default="100,1000,10000,100000", show_default=True)
@click.option("--idle", default=10, show_default=True, help="Seconds of idling that are measured.")
def main(sizes: str, idle: int) -> None:
    """Print a row for each size; `lead` is for a timetable that Redis does not know, `again` for one that it does."""
    click.echo("schedules    load s    lead s   again s    processor s    memory MiB    processor while idle")
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "redis").start()
        try:
            for size in sizes.split(","):
                server.client().flushall()
                first, again = _run(Path(folder), server, size, 0), _run(Path(folder), server, size, idle)
                click.echo(
                    f"{size:>9}  {first.load:8.2f}  {first.lead:8.2f}  {again.lead:8.2f}  {first.processor:13.2f}"
                    f"  {again.memory:12.0f}  {again.idle:22.2%}"
                )
        finally:
            server.kill()


def _run(folder: Path, server: Server, size: str, idle: int) -> Seen:
    """One clock process from its start until it has idled for so many seconds; then it is killed."""
    server.client().delete(Keys("rq", "default").named("lease"))  # that of a clock that was killed: no waiting for it
    (folder / "clock.py").write_text(CLOCK)
    log = folder / "clock.log"
    variables = {"REDIS_URL": server.url, "BENCH_SCHEDULES": size, "PYTHONPATH": str(Path(__file__).parents[1])}
    with log.open("w") as out:
        began = time.perf_counter()
        clock = subprocess.Popen(
            [sys.executable, "clock.py"], cwd=folder, env=os.environ | variables, stdout=out, stderr=out
        )
    try:
        until(lambda: "leading (" in log.read_text() or clock.poll() is not None, 200, what="the lead")
        assert clock.poll() is None, log.read_text()
        load = float(log.read_text().split()[1])
        lead = time.perf_counter() - began - load
        return Seen(load, lead, _used(clock.pid), _memory(clock.pid), _share(clock.pid, idle))
    finally:
        clock.kill()
        clock.wait()


def _memory(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _share(pid: int, seconds: int) -> float:
    before = _used(pid)
    time.sleep(seconds)  # what is measured: a span of idling
    return (_used(pid) - before) / max(seconds, 1)


def _used(pid: int) -> float:
    """Seconds of processor that a process has used, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
