"""`rqclock doctor`: is everything around the clock as it must be?"""

from __future__ import annotations

import os

import click

from rqclock.cli.common import json_option, say_json
from rqclock.doctor import environment, report
from rqclock.doctor.examination import examine


@click.command("doctor")
@click.option("--file", metavar="FILE", help="The clock file.")
@click.option(
    "--before-deploy", is_flag=True, help="Leave out live processes; fail only on what loses jobs (for `release:`)."
)
@json_option
def doctor_(file: str | None, before_deploy: bool, as_json: bool) -> None:
    """Connect as each process would, and say of each check what, why and what to do.

    Exit code 0 nothing is wrong, 1 warnings, 2 failures; with --before-deploy 0 or 2.
    """
    chosen = file or click.get_current_context().obj
    environ = {**os.environ, **({"RQCLOCK_FILE": chosen} if chosen else {})}
    checks = examine(environ, before_deploy=before_deploy)
    surroundings = environment.read(environ)
    where = surroundings.settings.redis.shown if surroundings.names_redis else "a Redis that REDIS_URL does not name"
    if as_json:
        say_json(report.facts(checks, where, before_deploy=before_deploy))
    else:
        click.echo(report.text(checks, where, before_deploy=before_deploy))
    raise click.exceptions.Exit(report.exit_code(checks, before_deploy=before_deploy))
