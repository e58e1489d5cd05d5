"""`rqclock backfill NAME`: queue past runs after all."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from rqclock.acts.activity import By
from rqclock.acts.backfill import Backfill, Candidate, Order, Pace, Result
from rqclock.cli.activity import to_the_log
from rqclock.cli.common import iso, json_option, say_json
from rqclock.cli.in_force import InForce, acting, in_force
from rqclock.cli.moments import past
from rqclock.timetable.schedules import Schedule
from rqclock.views.wording import when

RATE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:/\s*(s|sec|second|min|minute|h|hour))?")
SECONDS = {"s": 1, "m": 60, "h": 3600}


@click.command("backfill")
@click.argument("name")
@click.option("--from", "start", metavar="TIME", required=True, help="First instant, included.")
@click.option("--to", "end", metavar="TIME", help="Last instant, not included (default: now).")
@click.option("--dry-run", is_flag=True, help="Only show what would be done.")
@click.option("--rate", metavar="N/s", help="At most so many at once: 5/s, 30/min.")
@click.option("--again", is_flag=True, help="Also run those once more that were queued then, under new ids.")
@click.option("--reason", default="", help="Why, for the history.")
@acting
@in_force
@json_option
@to_the_log
def backfill_(there: InForce, by: By, name: str, **options: Any) -> None:
    """Queue the runs of a schedule that were missed, skipped or refused between two times.

    Each is queued once, with the time at which it was due. Times are in the schedule's zone unless they have an
    offset; a length ("2 hours") means so long ago. Exit code 1 if there was nothing to queue, or not all could be.
    """
    order = _order(there, by, name, options)
    work = Backfill(there.connection, there.keys, order)
    began = work.began()
    if began is not None and order.start <= began:
        text = f"its definition began on {when(began, order.schedule.timezone)}; nothing is known of the time before"
        click.echo(f"{order.schedule.name}: {text}", err=True)
    pace = Pace(_rate(options["rate"]))
    if options["dry_run"]:
        planned = _preview(work.plan(), order.schedule, as_json=options["as_json"])
        raise click.exceptions.Exit(0 if planned else 1)
    total = sum(1 for candidate in work.plan() if candidate.refusal is None)
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(f"queueing {total:,}", total=total)
        done = _follow(work.run(pace, planned=total), order.schedule, as_json=options["as_json"],
                       advance=lambda: progress.advance(task))  # fmt: skip
    if not options["as_json"]:
        click.echo(_summary(done))
    if not done["enqueued"] or done["duplicate"] or done["changed"]:
        raise click.exceptions.Exit(1)


def _order(there: InForce, by: By, name: str, options: dict[str, Any]) -> Order:
    schedule = there.find(name)
    now = there.now()
    start = past(options["start"], schedule.timezone, now, option="--from")
    asked = options["end"]
    end = int(now) + 1 if asked is None else past(asked, schedule.timezone, now, option="--to")
    if end <= start:
        raise click.BadParameter(f"{asked or 'now'} is not later than {options['start']}", param_hint="--to")
    return Order(schedule, start, end, by, options["again"])


def _rate(text: str | None) -> float | None:
    if text is None:
        return None
    found = RATE.fullmatch(text.strip())
    if found is None or float(found[1]) <= 0:
        raise click.BadParameter(f"{text!r} is no rate: say 5/s or 30/min", param_hint="--rate")
    return float(found[1]) / SECONDS[(found[2] or "s")[0]]


def _preview(candidates: Iterable[Candidate], schedule: Schedule, *, as_json: bool) -> int:
    """Show what would be done with each; how many would be queued."""
    count: Counter[bool] = Counter()
    for candidate in candidates:
        count[candidate.refusal is None] += 1
        if as_json:
            say_json(_facts(candidate) | {"would": "enqueue" if candidate.refusal is None else "leave"})
        else:
            done = f"would be queued (was {candidate.was})" if candidate.refusal is None else candidate.refusal
            click.echo(f"{when(candidate.tick, schedule.timezone)}  {done}")
    if not as_json:
        click.echo(f"{count[True]:,} would be queued, {count[False]:,} left as they are")
    return count[True]


def _follow(results: Iterable[Result], schedule: Schedule, *, as_json: bool, advance: Any) -> Counter[str]:
    done: Counter[str] = Counter()
    for result in results:
        done[result.outcome] += 1
        if result.outcome == "left":
            done[result.candidate.refusal or ""] += 1
        else:
            advance()
        if as_json:
            say_json(_facts(result.candidate) | {"outcome": result.outcome, "job_id": result.job_id})
        elif result.outcome == "duplicate":
            click.echo(f"{when(result.candidate.tick, schedule.timezone)}: RQ still has a job under its id", err=True)
    return done


def _facts(candidate: Candidate) -> dict[str, Any]:
    return {"tick": iso(candidate.tick), "was": candidate.was, "refusal": candidate.refusal}


def _summary(done: Counter[str]) -> str:
    parts = [f"{done['enqueued']:,} queued"]
    parts += [f"{done['changed']:,} changed meanwhile, and left"] if done["changed"] else []
    parts += [f"{done['duplicate']:,} left: RQ has a job under their id"] if done["duplicate"] else []
    known = ("enqueued", "changed", "duplicate", "left")
    parts += [f"{count:,} left: {refusal}" for refusal, count in done.items() if refusal not in known]
    return "; ".join(parts)
