"""`rqclock forget NAME`: delete all that is kept of a Clock that was renamed or given up."""

from __future__ import annotations

import os

import click

from rqclock.acts.activity import By
from rqclock.acts.forget import forget
from rqclock.alerts.register import Register
from rqclock.cli.activity import to_the_log
from rqclock.cli.common import confirm, json_option, say_json, server
from rqclock.cli.in_force import acting
from rqclock.settings import Settings
from rqclock.store.keys import Keys
from rqclock.store.ticks import slug


@click.command("forget")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--reason", default="", help="Why, for the log.")
@acting
@json_option
@to_the_log
def forget_(name: str, yes: bool, by: By, as_json: bool) -> None:
    """Delete the timetable, history, pauses and activity of the Clock NAME, and its open alerts.

    For a Clock that was renamed or given up: it would be told silent for ever. Refused while a process of it runs.
    Jobs that it has queued stay.
    """
    if not yes:
        confirm(f"delete all that is kept of the Clock {name!r}")
    settings = Settings.read(os.environ)
    keys = Keys(settings.key_prefix, slug(name))
    with server(settings) as connection:
        count = forget(connection, keys, name, by)
        Register(connection, settings.key_prefix).forget(keys.clock)
    if as_json:
        say_json({"clock": name, "keys": count})
    else:
        click.echo(f"forgot the Clock {name!r}: {count:,} keys deleted")
