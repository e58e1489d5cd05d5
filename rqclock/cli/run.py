"""`rqclock run NAME`: run a schedule's job now."""

from __future__ import annotations

import json
from typing import Any

import click

from rqclock.acts.activity import By
from rqclock.acts.run_now import Request, run_now
from rqclock.cli.activity import to_the_log
from rqclock.cli.common import json_option, say_json
from rqclock.cli.in_force import InForce, acting, in_force
from rqclock.errors import ConfigurationError
from rqclock.jobs.tagged import untag


@click.command("run")
@click.argument("name")
@click.option("--args", "arguments", metavar="JSON", help="Other arguments: a JSON list, or an object of keywords.")
@click.option("--reason", default="", help="Why, for the history.")
@click.option("--token", default="", help="Name of this request: sent twice, it runs once.")
@acting
@in_force
@json_option
@to_the_log
def run_(there: InForce, by: By, name: str, arguments: str | None, token: str, as_json: bool) -> None:
    """Queue the job of a schedule now, whatever its time; its next run stays as it is."""
    schedule = there.find(name)
    if not schedule.run_now:
        raise ConfigurationError(
            f"{schedule.name!r} is not to be run by hand (run_now=False, {schedule.file}:{schedule.line})"
        )
    request = Request(by.who, by.why, token, by.where)
    queued = run_now(there.connection, there.keys, schedule, request, args=_read(arguments))
    if as_json:
        say_json({"job_id": queued.job_id, "again": queued.again})
    elif queued.again:
        click.echo(f"{schedule.name} was queued before, by this token, as {queued.job_id}: nothing is queued now")
    else:
        click.echo(f"queued {schedule.name} as {queued.job_id}")


def _read(arguments: str | None) -> Any:
    if arguments is None:
        return None
    try:
        return json.loads(arguments, object_hook=untag)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"--args is not JSON that a job could carry: {error}") from None
