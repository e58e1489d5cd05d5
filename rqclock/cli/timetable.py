"""`rqclock list` and `rqclock next`: the timetable as it stands in the clock file; `list` with what is paused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rqclock.cli.common import file_option, find, iso, json_option, say_json, span
from rqclock.cli.marks import Marks, words
from rqclock.cli.marks import facts as mark_facts
from rqclock.forecast import MONTHS_13, clock_changes
from rqclock.loading import load
from rqclock.schedules import Schedule
from rqclock.status import next_run
from rqclock.ticks import local


@click.command("list")
@file_option
@json_option
def list_(file: str, as_json: bool) -> None:
    """All schedules: when, what, and what happens to a late run."""
    timetable, now = load(file), int(time.time())
    marks = Marks(timetable)
    if as_json:
        say_json([_facts(schedule, next_run(schedule, now), marks) for schedule in timetable.schedules])
        return
    table = Table("Name", "When", "Zone", "Job", "Queue", "Next", "If late", title=f"{file}: {timetable.name}")
    for schedule in timetable.schedules:
        table.add_row(*map(Text, _row(schedule, next_run(schedule, now), marks)))
    Console().print(table)
    for touch in clock_changes(timetable.schedules, now, now + MONTHS_13):
        click.echo(f"clock change: {touch.schedule.name}: {touch.text}")


@click.command("next")
@click.argument("name", required=False)
@click.option("-n", "count", default=10, show_default=True, type=click.IntRange(1), help="How many runs.")
@file_option
@json_option
def next_(name: str | None, count: int, file: str, as_json: bool) -> None:
    """The coming runs of one schedule, or of all."""
    timetable = load(file)
    chosen = [find(timetable, name)] if name else timetable.schedules
    runs = merge(*(_coming(schedule, int(time.time())) for schedule in chosen), key=lambda run: run[0])
    for tick, schedule in islice(runs, count):
        if as_json:
            say_json(run_facts(schedule, tick))
        else:
            click.echo(run_line(schedule, tick))


def run_facts(schedule: Schedule, tick: int) -> dict[str, Any]:
    """A coming run as programs read it."""
    return {"schedule": schedule.name, "tick": iso(tick), "local": local(tick, schedule.timezone).isoformat()}


def run_line(schedule: Schedule, tick: int) -> str:
    """A coming run for people."""
    note = schedule.note(tick)
    return f"{shown(local(tick, schedule.timezone))}  {schedule.name}" + (f"  ({note})" if note else "")


def shown(at: datetime) -> str:
    """`Mon 23 Nov 2026 08:00:00 GMT`."""
    return at.strftime("%a %d %b %Y %H:%M:%S %Z")


def _coming(schedule: Schedule, now: int) -> Iterator[tuple[int, Schedule]]:
    tick = next_run(schedule, now)
    while tick is not None:
        yield tick, schedule
        tick = next_run(schedule, tick)


def _facts(schedule: Schedule, tick: int | None, marks: Marks) -> dict[str, Any]:
    return {
        "name": schedule.name,
        "when": schedule.words,
        "timezone": schedule.timezone,
        "job": schedule.target.path,
        "queue": schedule.target.options.queue,
        "description": schedule.description,
        "enabled": schedule.enabled,
        "next": iso(tick),
        "catch_up": schedule.policies.catch_up,
        "catch_up_within": schedule.policies.catch_up_within,
    } | mark_facts(*marks.of(schedule.slug))


def _row(schedule: Schedule, tick: int | None, marks: Marks) -> list[str]:
    policies, mark = schedule.policies, words(*marks.of(schedule.slug), schedule.timezone)
    coming = "switched off" if not schedule.enabled else "on demand" if tick is None else ""
    return [
        schedule.name,
        schedule.words,
        schedule.timezone,
        schedule.target.path,
        schedule.target.options.queue,
        coming or "\n".join(part for part in (shown(local(tick or 0, schedule.timezone)), mark) if part),
        f"{policies.catch_up} within {span(policies.catch_up_within)}",
    ]
