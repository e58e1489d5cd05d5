"""`rqclock simulate`: every run of a span of time, without Redis."""

from __future__ import annotations

import heapq
import sys
import time
from collections.abc import Iterator

import click
from rich.console import Console
from rich.progress import Progress

from rqclock.cli.common import file_option, find, json_option, say_json
from rqclock.cli.moments import coming
from rqclock.cli.timetable import run_facts, run_line
from rqclock.errors import ConfigurationError
from rqclock.loading import load
from rqclock.store.ticks import local
from rqclock.timetable.schedules import Schedule

STEPS = 200  # of the bar


@click.command("simulate")
@click.argument("name", required=False)
@click.option("--from", "start", metavar="TIME", required=True, help="First instant, included.")
@click.option("--to", "end", metavar="TIME", required=True, help="Last instant, not included.")
@file_option
@json_option
def simulate_(name: str | None, start: str, end: str, file: str, as_json: bool) -> None:
    """Every run between two instants, in order.

    A time is 2026-11-23T08:00, 08:00 (the next), or a length ("2 hours" ahead), in the Clock's zone unless it has an
    offset. "08:00" and lengths count from now behind --from, and from there behind --to.
    """
    timetable = load(file)
    chosen = [find(timetable.schedules, name)] if name else list(timetable.schedules)
    first = coming(start, timetable.timezone, time.time(), option="--from")
    last = coming(end, timetable.timezone, first, option="--to")
    if last <= first:
        raise click.BadParameter(f"{end} is not later than {start}", param_hint="--to")
    for tick, schedule in with_progress(runs(chosen, first, last), first, last):
        if as_json:
            say_json(run_facts(schedule, tick))
        else:
            sys.stdout.write(run_line(schedule, tick) + "\n")


def with_progress(found: Iterator[tuple[int, Schedule]], first: int, last: int) -> Iterator[tuple[int, Schedule]]:
    """The same runs; on a terminal, with a bar on standard error that tells how far they are."""
    step = max(1, (last - first) // STEPS)
    at = first
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("simulating", total=last - first)
        for tick, schedule in found:
            if tick >= at:  # not at each run: a year of a large timetable has a million of them
                progress.update(task, completed=tick - first)
                at = tick + step
            yield tick, schedule


def runs(schedules: list[Schedule], first: int, last: int) -> Iterator[tuple[int, Schedule]]:
    """The runs of the schedules from `first` (included) to `last` (not included), by time, then by their order."""
    heap = [(tick, n) for n, schedule in enumerate(schedules) if (tick := schedule.after(first - 1)) is not None]
    heapq.heapify(heap)
    while heap and heap[0][0] < last:
        tick, n = heap[0]
        if _happens(schedules[n], tick):
            yield tick, schedules[n]
        following = schedules[n].after(tick)
        if following is None:
            heapq.heappop(heap)
        else:
            heapq.heapreplace(heap, (following, n))


def _happens(schedule: Schedule, tick: int) -> bool:
    if schedule.veto(tick):
        return False
    try:
        return schedule.predicate is None or bool(schedule.predicate(local(tick, schedule.timezone)))
    except Exception as error:  # user code may raise anything; people want the line, not our stack
        place = f"{schedule.file}:{schedule.line}: {schedule.name}"
        raise ConfigurationError(f"{place}: its condition raised {type(error).__name__}: {error}") from error
