"""`rqclock check`: is the clock file all right, and what will surprise people?"""

from __future__ import annotations

import time
from collections.abc import Iterator

import click

from rqclock.cli.common import file_option
from rqclock.cli.timetable import shown
from rqclock.errors import TimetableError
from rqclock.loading import load
from rqclock.store.ticks import local
from rqclock.timetable.forecast import CROWD_LOOK, MONTHS_13, clock_changes, crowded_minutes
from rqclock.timetable.schedules import Timetable

LISTED = 20


@click.command("check")
@file_option
def check_(file: str) -> None:
    """Read the clock file and tell all that is wrong with it (exit code 1), and what deserves a look."""
    try:
        timetable = load(file)
    except TimetableError as error:
        click.echo(str(error), err=True)
        raise click.exceptions.Exit(1) from None
    found = list(warnings(timetable, int(time.time())))
    for warning in found[:LISTED]:
        click.echo(f"warning: {warning}")
    if len(found) > LISTED:
        click.echo(f"warning: and {len(found) - LISTED} more; rqclock explain NAME tells those of one schedule")
    click.echo(f"{file}: {len(timetable.schedules)} schedules, no errors, {len(found)} warnings")


def warnings(timetable: Timetable, now: int) -> Iterator[str]:
    """What is no error and deserves a look, `now` being the instant from which it is looked ahead."""
    if not timetable.schedules:
        yield "it has no schedule: with --take-over a clock would switch off all that are in force"
    for touch in clock_changes(timetable.schedules, now, now + MONTHS_13):
        yield f"{touch.schedule.file}:{touch.schedule.line}: {touch.schedule.name}: {touch.text}"
    for schedule in timetable.schedules:
        if schedule.trigger is not None and schedule.enabled and not _fires(schedule.after(now), now):
            yield f"{schedule.file}:{schedule.line}: {schedule.name}: not due once in the next 5 years"
    crowded = list(crowded_minutes(timetable.schedules, now, now + CROWD_LOOK))
    if crowded:
        minute, count = max(crowded, key=lambda pair: pair[1])
        yield f"{count} schedules are due in one minute, {shown(local(minute, timetable.timezone))}: see spread="


def _fires(tick: int | None, now: int) -> bool:
    return tick is not None and tick - now < 5 * 366 * 86_400
