"""`rqclock quarantine list|discard`: jobs that no worker could read."""

from __future__ import annotations

from itertools import islice
from typing import Any

import click

from rqclock.acts.activity import By
from rqclock.acts.quarantined import Quarantine, Quarantined
from rqclock.cli.activity import to_the_log
from rqclock.cli.common import confirm, iso, json_option, say_json, say_missing
from rqclock.cli.in_force import InForce, acting, in_force
from rqclock.cli.table import show_table
from rqclock.views.wording import when

SHOWN = 50
COLUMNS = ["Job", "Put aside", "Queue", "Reason", "Worker"]


@click.group("quarantine")
def quarantine_() -> None:
    """Jobs that no worker could read, and that were put aside: list them, or discard them."""


@quarantine_.command("list")
@click.option("-n", "count", type=click.IntRange(1), default=SHOWN, show_default=True, help="How many at most.")
@in_force
@json_option
def list_(there: InForce, count: int, as_json: bool) -> None:
    """Jobs that no worker could read, with the reason. Exit code 1 if there are any."""
    jobs = list(islice(Quarantine(there.connection, there.keys).find(), count + 1))
    if as_json:
        for job in jobs[:count]:
            say_json(_facts(job))
    elif jobs:
        show_table(COLUMNS, [_row(job, there.timezone) for job in jobs[:count]])
        click.echo("there are more: -n shows them\n" * (len(jobs) > count), nl=False)
    else:
        click.echo("no job was put aside")
    if jobs:
        raise click.exceptions.Exit(1)


@quarantine_.command("discard")
@click.argument("job_ids", metavar="[JOB_ID]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All of them.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--reason", default="", help="Why, for the activity.")
@acting
@in_force
@json_option
@to_the_log
def discard_(there: InForce, by: By, **options: Any) -> None:
    """Delete such jobs for good. Asks first when it is more than one."""
    if bool(options["job_ids"]) == options["everything"]:
        raise click.UsageError("say which: JOB_IDs, or --all")
    kept = Quarantine(there.connection, there.keys)
    jobs = list(kept.find(options["job_ids"]))
    unknown = say_missing(options["job_ids"], (job.job_id for job in jobs), "no job of that id was put aside")
    if len(jobs) > 1 and not options["yes"]:
        confirm(f"discard {len(jobs):,} quarantined jobs")
    done = kept.discard(jobs, by) if jobs else {}
    if options["as_json"]:
        say_json({"found": len(jobs), "unknown": unknown, **dict(done)})
    else:
        again = f"; {done['kept']} had been queued again and stay" if done.get("kept") else ""
        of = len(jobs) + len(unknown)
        click.echo(f"{done.get('done', 0):,} of {of:,} quarantined jobs discarded{again}")
    if unknown or not done.get("done"):
        raise click.exceptions.Exit(1)


def _facts(job: Quarantined) -> dict[str, Any]:
    return {"job_id": job.job_id, "queue": job.queue, "reason": job.reason, "worker": job.worker, "at": iso(job.at)}


def _row(job: Quarantined, timezone: str) -> list[str]:
    at = when(job.at, timezone) if job.at is not None else ""
    return [job.job_id, at, job.queue, job.reason, job.worker]
