"""`rqclock history NAME`: what became of a schedule's runs."""

from __future__ import annotations

from typing import Any

import click

from rqclock.cli.common import iso, json_option, say_json
from rqclock.cli.in_force import InForce, in_force
from rqclock.cli.marks import Marks, words
from rqclock.cli.table import show_table
from rqclock.cli.timetable import shown
from rqclock.store.ticks import local
from rqclock.timetable.schedules import Schedule
from rqclock.views.history import Run, read_history
from rqclock.views.wording import when

SHORT = 12  # characters of a worker's name, as `rqclock status` shows it


@click.command("history")
@click.argument("name")
@click.option("-n", "count", default=20, show_default=True, type=click.IntRange(1), help="How many runs.")
@in_force
@json_option
def history_(there: InForce, name: str, count: int, as_json: bool) -> None:
    """The last runs of a schedule, newest first; also of one that has left the timetable."""
    schedule = there.find_ever(name)
    runs = read_history(there.connection, there.keys, schedule, count)
    if as_json:
        for run in runs:
            say_json(_facts(run))
        return
    if mark := _mark(there, schedule):
        click.echo(f"{schedule.name}: {mark}")
    if not runs:
        click.echo(f"{schedule.name}: no run yet")
        return
    columns = ["Due", "Decision", "Reason", "Late by", "Status", "Took", "Worker", "Error"]
    rows = [[shown(local(run.tick, schedule.timezone)), *_row(run, schedule.timezone)] for run in runs]
    show_table(columns, rows, title=schedule.name)


def _mark(there: InForce, schedule: Schedule) -> str:
    """What keeps it from running; empty if nothing does."""
    if not there.connection.hexists(there.keys.named("definitions"), schedule.slug):
        return "it has left the timetable"
    return words(*Marks.read(there.connection, there.keys).of(schedule.slug), schedule.timezone)


def _facts(run: Run) -> dict[str, Any]:
    return {
        "tick": iso(run.tick),
        "decision": run.decision,
        "reason": run.reason,
        "job_id": run.job_id,
        "status": run.status,
        "started_at": iso(run.started_at),
        "finished_at": iso(run.finished_at),
        "duration": run.duration,
        "worker": run.worker,
        "error": run.error,
        "lateness": run.lateness,
        "backfilled_from": run.backfilled_from,
        "attempt": run.attempt,
        "of": run.of,
        "next_at": iso(run.next_at),
        "attempts": [{name: _shown(name, value) for name, value in one.items()} for one in run.attempts],
    }


def _row(run: Run, timezone: str) -> list[str]:
    late, took = (f"{value:.3f} s" if value is not None else "" for value in (run.lateness, run.duration))
    beside = f" ({run.job_id})" if run.job_id and run.decision != "enqueued" else ""  # the run that was in its way
    ended = [_status(run, timezone), took, (run.worker or "")[:SHORT], run.error or ""]
    return [run.decision, (run.reason or "") + beside, late, *ended]


def _status(run: Run, timezone: str) -> str:
    """`scheduled, attempt 3 of 5, next at Mon 23 Nov 2026 08:00:20 GMT, queued again 1x: its worker died`."""
    if run.attempt == 1:
        return run.status or ""
    lost = sum(one.get("is") == "lost" for one in run.attempts)
    next_at = f"next at {when(run.next_at, timezone)}" if run.next_at else ""
    again = f"queued again {lost}x: its worker died" if lost else ""
    return ", ".join(part for part in (run.status, run.nth, next_at, again) if part)


def _shown(name: str, value: Any) -> Any:
    return iso(value) if name in ("started", "ended", "at") else value
