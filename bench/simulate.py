"""How long `rqclock simulate` takes for a year of a timetable of a hundred schedules.

    python -m bench.simulate [--rounds 3]

The mixture is that of the real timetables in tests/conformance: most lines daily, some hourly, a few every few minutes.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

CLOCK = """
from rqclock import Clock
from bench.work import nothing

clock = Clock("Europe/London")
for n in range(60):
    clock.every("day", at=f"{n % 24:02}:{n:02}", name=f"daily {n}").enqueue(nothing)
for n in range(10):
    clock.every("working day", at=f"{8 + n}:30", name=f"working days {n}").enqueue(nothing)
for n in range(10):
    clock.cron(f"{n} 3 * * MON", name=f"weekly {n}").enqueue(nothing)
for n in range(15):
    clock.every("hour", at=f":{4 * n:02}", name=f"hourly {n}").enqueue(nothing)
for n in range(5):
    clock.every(f"{5 * (n + 1)} minutes", name=f"often {n}").enqueue(nothing)
"""
ARGUMENTS = ("simulate", "--from", "2027-01-01", "--to", "2028-01-01")


@click.command()
@click.option("--rounds", default=3, show_default=True)
def main(rounds: int) -> None:
    """Print the seconds of the whole command, as the median of the rounds."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "clock.py").write_text(CLOCK)
        for form in ((), ("--json",)):
            found = [_seconds(folder, form) for _ in range(rounds)]
            lines, middle = found[0][1], statistics.median(seconds for seconds, _ in found)
            click.echo(f"{'JSON' if form else 'text':5} {lines} runs of 100 schedules in {middle:.1f} s")


def _seconds(folder: str, form: tuple[str, ...]) -> tuple[float, int]:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    output = Path(folder) / "runs"
    began = time.perf_counter()
    with output.open("wb") as out:
        command = [sys.executable, "-m", "rqclock", *ARGUMENTS, *form]
        subprocess.run(command, cwd=folder, env=environment, stdout=out, check=True)
    return time.perf_counter() - began, output.read_bytes().count(b"\n")


if __name__ == "__main__":
    main()
