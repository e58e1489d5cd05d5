"""`rqclock why NAME TIME`: why a schedule ran then, or did not."""

from __future__ import annotations

import click

from rqclock.cli.common import json_option, say_json
from rqclock.cli.in_force import InForce, in_force
from rqclock.cli.moments import spans
from rqclock.views.why import UNRECORDED, explain_span
from rqclock.views.wording import when


@click.command("why")
@click.argument("name")
@click.argument("time")
@in_force
@json_option
def why_(there: InForce, name: str, time: str, as_json: bool) -> None:
    """Why a schedule ran at a TIME, or did not; also for times to come.

    TIME is 2026-11-23T08:00 (then every run of that minute is meant) or with seconds, in the schedule's own zone
    unless it has an offset; 08:00 alone is today's, and "2 hours" is the minute that was so long ago. Exit code 1 when
    a run was due and nothing is recorded of it.
    """
    schedule = there.find_ever(name)
    asked = spans(time, schedule.timezone, there.now())
    found = [one for span in asked for one in explain_span(there.connection, there.keys, schedule.slug, *span)]
    for one in found:
        if as_json:
            say_json(one.facts())
        else:
            click.echo(f"{one.schedule}, {when(one.instant, one.timezone)}: {one.text}")
    if any(one.answer == UNRECORDED for one in found):
        raise click.exceptions.Exit(1)
