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

import click

from rqclock.keys import Keys
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


@click.command()
@click.option("--sizes", default="100,1000,10000,100000", show_default=True)
@click.option("--idle", default=10, show_default=True, help="Seconds of idling that are measured.")
def main(sizes: str, idle: int) -> None:
    """Print a row for each size; `lead` is for a timetable that Redis does not know, `again` for one that it does."""
    click.echo("schedules    load s    lead s   again s    memory MiB    processor while idle")
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "redis").start()
        try:
            for size in sizes.split(","):
                server.client().flushall()
                click.echo(_measure(Path(folder), server, int(size), idle))
        finally:
            server.kill()


def _measure(folder: Path, server: Server, size: int, idle: int) -> str:
    (folder / "clock.py").write_text(CLOCK)
    loaded, first, _ = _run(folder, server, size, 0)
    _, again, (memory, used) = _run(folder, server, size, idle)
    return f"{size:9}  {loaded:8.2f}  {first:8.2f}  {again:8.2f}  {memory:12.0f}  {used:20.2%}"


def _run(folder: Path, server: Server, size: int, idle: int) -> tuple[float, float, tuple[float, float]]:
    """Seconds of loading and of taking the lead; MiB and share of a processor while idle. Kills the clock."""
    server.client().delete(Keys("rq", "default").named("lease"))  # that of a clock that was killed: no waiting for it
    log = folder / "clock.log"
    variables = {"REDIS_URL": server.url, "BENCH_SCHEDULES": str(size), "PYTHONPATH": str(Path(__file__).parents[1])}
    with log.open("w") as out:
        began = time.perf_counter()
        clock = subprocess.Popen(
            [sys.executable, "clock.py"], cwd=folder, env=os.environ | variables, stdout=out, stderr=out
        )
    try:
        until(lambda: "leading (" in log.read_text() or clock.poll() is not None, 120, what="the lead")
        assert clock.poll() is None, log.read_text()
        loaded = float(log.read_text().split()[1])
        led = time.perf_counter() - began - loaded
        return loaded, led, (_memory(clock.pid), _processor(clock.pid, idle))
    finally:
        clock.kill()
        clock.wait()


def _memory(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _processor(pid: int, seconds: int) -> float:
    """The share of a processor that a process uses."""
    before = _ticks(pid)
    time.sleep(seconds)  # what is measured: a span of idling
    return (_ticks(pid) - before) / os.sysconf("SC_CLK_TCK") / max(seconds, 1)


def _ticks(pid: int) -> int:
    """Processor time of a process, user and system, in the system's ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


if __name__ == "__main__":
    main()
