"""`rqclock forget NAME`: delete all that is kept of a Clock that was renamed or given up."""

from __future__ import annotations

import os

import click
import redis

from rqclock.acts.activity import By
from rqclock.acts.forget import forget
from rqclock.alerts.register import Register
from rqclock.cli.activity import to_the_log
from rqclock.cli.common import confirm
from rqclock.cli.in_force import acting
from rqclock.connection import connect, explain
from rqclock.settings import Settings
from rqclock.store.keys import Keys
from rqclock.store.ticks import slug


@click.command("forget")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--reason", default="", help="Why, for the log.")
@acting
@to_the_log
def forget_(name: str, yes: bool, by: By) -> None:
    """Delete the timetable, history, pauses and activity of the Clock NAME, and its open alerts.

    For a Clock that was renamed or given up: it would be told silent for ever. Refused while a process of it runs.
    Jobs that it has queued stay.
    """
    if not yes:
        confirm(f"delete all that is kept of the Clock {name!r}")
    settings = Settings.read(os.environ)
    connection, keys = connect(settings, "cli"), Keys(settings.key_prefix, slug(name))
    try:
        count = forget(connection, keys, name, by)
        Register(connection, settings.key_prefix).forget(keys.clock)
    except redis.RedisError as error:
        raise explain(error, settings) from None
    click.echo(f"forgot the Clock {name!r}: {count:,} keys deleted")
