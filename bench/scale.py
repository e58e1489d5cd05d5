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
clock.timetable()
print(f"loaded {time.perf_counter() - began:.3f}", flush=True)
clock.run()
"""


@click.command()
@click.option("--sizes", default="100,1000,10000,100000", show_default=True)
@click.option("--idle", default=10, show_default=True, help="Seconds of idling that are measured.")
def main(sizes: str, idle: int) -> None:
    """Print a row for each size."""
    click.echo("schedules    load s    lead s    memory MiB    processor while idle")
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
    log = folder / f"{size}.log"
    variables = {"REDIS_URL": server.url, "BENCH_SCHEDULES": str(size), "PYTHONPATH": str(Path(__file__).parents[1])}
    with log.open("w") as out:
        began = time.perf_counter()
        clock = subprocess.Popen([sys.executable, "clock.py"], cwd=folder, env=os.environ | variables, stdout=out)
    try:
        until(lambda: "leading" in log.read_text(), 300, what="the lead")
        led = time.perf_counter() - began
        loaded = float(log.read_text().split()[1])
        before = _ticks(clock.pid)
        time.sleep(idle)  # what is measured: a span of idling
        used = (_ticks(clock.pid) - before) / os.sysconf("SC_CLK_TCK") / idle
        memory = int(Path(f"/proc/{clock.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
        return f"{size:9}  {loaded:8.2f}  {led - loaded:8.2f}  {memory:12.0f}  {used:20.2%}"
    finally:
        clock.kill()
        clock.wait()


def _ticks(pid: int) -> int:
    """Processor time of a process, user and system, in the system's ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


if __name__ == "__main__":
    main()
