"""`rqclock check`: is the clock file all right?"""

from __future__ import annotations

import click

from rqclock.cli.common import file_option
from rqclock.errors import TimetableError
from rqclock.loading import load


@click.command("check")
@file_option
def check_(file: str) -> None:
    """Read the clock file and tell all that is wrong with it. Exit code 1 if anything is."""
    try:
        timetable = load(file)
    except TimetableError as error:
        click.echo(str(error), err=True)
        raise click.exceptions.Exit(1) from None
    click.echo(f"{file}: {len(timetable.schedules)} schedules, no errors")
