"""`rqclock accept-time`: tell the clocks that Redis's time is right after a jump."""

from __future__ import annotations

import click

from rqclock.cli.common import file_option, server
from rqclock.loading import load


@click.command("accept-time")
@file_option
def accept_time_(file: str) -> None:
    """After an alarm that Redis's time jumped: go by Redis's time from now on."""
    timetable = load(file)
    with server(timetable) as there:
        seconds, micros = there.connection.time()
        there.connection.hset(there.keys.named("counters"), "accept_time", f"{seconds}.{micros:06d}")
    click.echo("the clocks will go by Redis's time from their next beat on")
