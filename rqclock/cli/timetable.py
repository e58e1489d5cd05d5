"""`rqclock list` and `rqclock next`: the timetable as it stands in the clock file; `list` with what is paused."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any

import click

from rqclock.cli import table
from rqclock.cli.common import file_option, find, iso, json_option, say_json, span
from rqclock.cli.marks import Marks, Shown, marks_of, words
from rqclock.cli.table import Row
from rqclock.loading import load
from rqclock.store.in_force import next_run
from rqclock.store.ticks import local
from rqclock.timetable.forecast import MONTHS_13, clock_changes
from rqclock.timetable.schedules import Policies, Schedule

LISTED = 20


@click.command("list")
@file_option
@json_option
def list_(file: str, as_json: bool) -> None:
    """All schedules: when, what, and what happens to a late run."""
    timetable, now = load(file), int(time.time())
    if as_json:  # the clock file alone: a program that asks for it may have no Redis
        say_json([facts(schedule, next_run(schedule, now)) for schedule in timetable.schedules])
        return
    marks = marks_of(timetable)
    rows = [_row(schedule, next_run(schedule, now), marks) for schedule in timetable.schedules]
    title = f"{file}: {timetable.name}, {len(rows)} schedules, times of {timetable.timezone}"
    table.show(rows, table.output(), title=title, zone=timetable.timezone)
    _say_changes(timetable.schedules, now)


@click.command("next")
@click.argument("name", required=False)
@click.option("-n", "count", default=10, show_default=True, type=click.IntRange(1), help="How many runs.")
@file_option
@json_option
def next_(name: str | None, count: int, file: str, as_json: bool) -> None:
    """The coming runs of one schedule, or of all."""
    timetable, now = load(file), int(time.time())
    chosen = [find(timetable.schedules, name)] if name else timetable.schedules
    runs = list(islice(merge(*(_coming(schedule, now) for schedule in chosen), key=lambda run: run[0]), count))
    if as_json:  # the clock file alone, as with list
        for tick, schedule in runs:
            say_json(run_facts(schedule, tick) | {"note": schedule.note(tick)})
        return
    if not runs:
        click.echo("no run comes")
        return
    marks = marks_of(timetable)
    for tick, schedule in runs:
        click.echo(run_line(schedule, tick) + _unless(tick, *marks.of(schedule.slug), schedule.timezone))
    _say_changes(chosen, now)


def _unless(tick: int, paused: Shown, skip: Shown, timezone: str) -> str:
    """Why this run will not be queued, as things stand."""
    if paused and (paused["until"] is None or tick < paused["until"]):
        return f"  [{words(paused, None, timezone)}]"
    return f"  [{words(None, skip, timezone)}]" if skip and skip["tick"] == tick else ""


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


def facts(schedule: Schedule, tick: int | None) -> dict[str, Any]:
    """A schedule as programs read it; `tick` is its next run."""
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
        "must_start_within": schedule.policies.must_start_within,
        "must_finish_within": schedule.policies.must_finish_within,
    }


def _row(schedule: Schedule, tick: int | None, marks: Marks) -> Row:
    note = schedule.note(tick) if tick is not None else None
    coming = "on demand" if tick is None else shown(local(tick, schedule.timezone))
    said = [note, words(*marks.of(schedule.slug), schedule.timezone)]
    return Row(
        name=schedule.name,
        when=schedule.words,
        zone=schedule.timezone,
        job=schedule.target.path,
        queue=schedule.target.options.queue,
        next=coming if schedule.enabled else "switched off",
        if_late=_if_late(schedule.policies) if schedule.trigger else "-",
        mark="; ".join(part for part in said if part),
    )


def _if_late(policies: Policies) -> str:
    """`latest within 12 h`."""
    return policies.catch_up + ("" if policies.catch_up == "none" else f" within {span(policies.catch_up_within)}")


def _say_changes(schedules: Sequence[Schedule], now: int) -> None:
    """Say which runs of the next 13 months a clock change moves, drops or doubles."""
    touched = clock_changes(schedules, now, now + MONTHS_13)
    for touch in touched[:LISTED]:
        click.echo(f"clock change: {touch.schedule.name}: {touch.text}")
    if len(touched) > LISTED:
        click.echo(f"clock change: and {len(touched) - LISTED} more; rqclock explain NAME tells those of one schedule")
