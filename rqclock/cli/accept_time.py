"""`rqclock accept-time`: tell the clocks that Redis's time is right after a jump."""

from __future__ import annotations

import click

from rqclock.acts.accept_time import NothingHeld, accept_time
from rqclock.acts.activity import By
from rqclock.cli.activity import to_the_log
from rqclock.cli.common import json_option, say_json
from rqclock.cli.in_force import InForce, acting, in_force
from rqclock.views.wording import length


@click.command("accept-time")
@click.option("--reason", default="", help="Why, for the activity.")
@acting
@in_force
@json_option
@to_the_log
def accept_time_(there: InForce, by: By, as_json: bool) -> None:
    """After an alarm that Redis's time jumped: go by Redis's time from now on.

    What falls due in a jump ahead is late, in one back decided already. Exit code 1 if there is nothing to accept.
    """
    try:
        held = accept_time(there.connection, there.keys, by)
    except NothingHeld as error:
        click.echo(str(error), err=True)
        raise click.exceptions.Exit(1) from None
    if as_json:
        say_json({"seconds": held})
        return
    way = "ahead" if held > 0 else "back"
    click.echo(f"the clocks will go {way} by {length(abs(round(held)))}, to Redis's time, from their next beat on")
