"""`rqclock failed list|requeue|discard`: jobs that failed for good."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import asdict
from itertools import islice
from typing import Any, TypeVar

import click

from rqclock.acts.activity import By
from rqclock.acts.failed import DISCARD, REQUEUE, Failed, FailedJobs, Filter
from rqclock.cli.activity import to_the_log
from rqclock.cli.common import confirm, iso, json_option, say_json, say_missing
from rqclock.cli.in_force import InForce, acting, in_force
from rqclock.cli.moments import past
from rqclock.cli.table import show_table
from rqclock.errors import ConfigurationError, did_you_mean
from rqclock.settings import Settings
from rqclock.store.in_force import read_schedules
from rqclock.store.places import Places
from rqclock.store.presence import clocks
from rqclock.store.ticks import slug
from rqclock.views.wording import when

F = TypeVar("F", bound=Callable[..., Any])
SHOWN = 50
COLUMNS = ["Failed", "Queue", "Schedule or call", "Error", "Job"]


@click.group("failed")
def failed_() -> None:
    """Jobs that failed for good: list them, queue them again, or discard them."""


def _filters(command: F) -> F:
    """The options that choose; the function gets `wanted`, a Filter, and `everything`."""

    @functools.wraps(command)
    def wrapper(*args: Any, there: InForce, **kwargs: Any) -> Any:
        queue, schedule, older_than = (kwargs.pop(name) for name in ("queue", "schedule", "older_than"))
        _check_queue(there, queue)
        before = None if older_than is None else past(older_than, there.timezone, there.now(), option="--older-than")
        name = None if schedule is None else there.find_ever(schedule).name
        wanted = Filter(queue, name, before, frozenset(kwargs.pop("job_ids", ())))
        return command(*args, there=there, wanted=wanted, **kwargs)

    for option in (
        click.option("--queue", metavar="NAME", help="Only those of this queue."),
        click.option("--schedule", metavar="NAME", help="Only those of this schedule."),
        click.option("--older-than", metavar="TIME", help='Only those that failed before: 08:00 or "2 hours" (ago).'),
    ):
        wrapper = option(wrapper)
    return wrapper  # type: ignore[return-value]


@failed_.command("list")
@click.option("-n", "count", type=click.IntRange(1), default=SHOWN, show_default=True, help="How many at most.")
@in_force
@_filters
@json_option
def list_(there: InForce, wanted: Filter, count: int, as_json: bool) -> None:
    """Jobs that failed for good, with the line that says why. Exit code 1 if there are any."""
    jobs = list(islice(FailedJobs(there.connection, there.keys).find(wanted), count + 1))
    if as_json:
        for job in jobs[:count]:
            say_json(asdict(job) | {"failed_at": iso(job.failed_at)})
    else:
        _show(jobs[:count], there.timezone, more=len(jobs) > count)
    if jobs:
        raise click.exceptions.Exit(1)


def _acts(what: str) -> Callable[[Callable[..., None]], click.Command]:
    def decorate(command: Callable[..., None]) -> click.Command:
        parts: tuple[Callable[[Any], Any], ...] = (
            to_the_log, json_option, _filters, in_force, acting,
            click.option("--reason", default="", help="Why, for the activity."),
            click.option("--yes", is_flag=True, help="Do not ask."),
            click.option("--all", "everything", is_flag=True, help="All, of every queue, also of other Clocks."),
            click.argument("job_ids", metavar="[JOB_ID]...", nargs=-1),
        )  # fmt: skip
        for part in parts:
            command = part(command)
        return failed_.command(what)(command)

    return decorate


@_acts(REQUEUE)
def requeue_(there: InForce, by: By, wanted: Filter, **options: Any) -> None:
    """Queue failed jobs again, under their own ids. Asks first when it is more than one."""
    _act(there, by, wanted, REQUEUE, options)


@_acts(DISCARD)
def discard_(there: InForce, by: By, wanted: Filter, **options: Any) -> None:
    """Delete failed jobs for good; the history of their schedules stays. Asks first when it is more than one."""
    _act(there, by, wanted, DISCARD, options)


def _act(there: InForce, by: By, wanted: Filter, what: str, options: dict[str, Any]) -> None:
    if options["everything"] == (wanted != Filter()):
        raise click.UsageError("say which: JOB_IDs, --queue, --schedule or --older-than; or --all, alone")
    found = FailedJobs(there.connection, there.keys)
    jobs = list(found.find(wanted))
    unknown = say_missing(wanted.job_ids, (job.job_id for job in jobs), "no job of that id has failed for good")
    if len(jobs) > 1 and not options["yes"]:
        confirm(f"{what} {len(jobs):,} jobs ({wanted.words()}{_also(there, wanted)})")
    done = found.act(what, jobs, by, wanted) if jobs else {}
    did = {REQUEUE: "queued again", DISCARD: "discarded"}[what]
    if options["as_json"]:
        say_json({"found": len(jobs), "unknown": unknown, **dict(done)})
    else:
        left = sum(done.values()) - done.get("done", 0)
        of = len(jobs) + len(unknown)
        click.echo(f"{done.get('done', 0):,} of {of:,} failed jobs {did}" + (f"; {left:,} had changed" if left else ""))
    if unknown or not done.get("done"):
        raise click.exceptions.Exit(1)


def _check_queue(there: InForce, name: str | None) -> None:
    """Refuse a queue that nobody knows: nothing failed there, and whoever asks means another."""
    if name is None or there.connection.exists(f"{there.keys.prefix}:failed:{name}"):
        return
    planned = (schedule.target.options.queue for schedule in read_schedules(there.connection, there.keys))
    known = {*Places(there.connection, there.keys).queues(), *planned, *Settings.read(os.environ).queues}
    if name not in known:
        raise ConfigurationError(f"there is no queue {name!r}{did_you_mean(name, known)}")


def _also(there: InForce, wanted: Filter) -> str:
    """Whose jobs these may be beside this Clock's: queues belong to all that share a Redis under one prefix."""
    if wanted.schedule is not None or wanted.job_ids:
        return ""
    others = [name for name in clocks(there.connection, there.keys.prefix) if slug(name) != there.keys.clock]
    return f"; also those of the Clocks {', '.join(others)}" if others else ""


def _show(jobs: list[Failed], timezone: str, *, more: bool) -> None:
    if not jobs:
        click.echo("no job has failed for good")
        return
    show_table(COLUMNS, [_row(job, timezone) for job in jobs])
    if more:
        click.echo("there are more: -n shows them")


def _row(job: Failed, timezone: str) -> list[str]:
    at = when(job.failed_at, timezone) if job.failed_at is not None else ""
    return [at, job.queue, job.schedule or job.description, job.error, job.job_id]
