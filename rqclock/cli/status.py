"""`rqclock status`: who leads, what waits, who works."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

import click

from rqclock.cli.common import iso, json_option, say_json
from rqclock.cli.in_force import InForce, in_force
from rqclock.cli.marks import facts as mark_facts
from rqclock.cli.marks import words
from rqclock.cli.table import show_table
from rqclock.cli.timetable import shown
from rqclock.running.zone_age import zone_line
from rqclock.store.presence import Presence
from rqclock.store.ticks import local
from rqclock.views.status import ScheduleStatus, Status, read_status
from rqclock.views.wording import length


@click.command("status")
@in_force
@json_option
def status_(there: InForce, as_json: bool) -> None:
    """Leader, standbys, queues, workers and schedules. Exit code 1 if no clock leads."""
    status = read_status(there.connection, there.keys, runs=1)
    if as_json:
        say_json(_facts(status))
    else:
        _show(status)
    if status.leader is None:
        raise click.exceptions.Exit(1)


def _facts(status: Status) -> dict[str, Any]:
    return {
        "leader": _presence(status.leader) if status.leader else None,
        "standbys": [_presence(standby) for standby in status.standbys],
        "redis": status.redis,
        "queues": status.queues,
        "workers": status.workers,
        "schedules": [_schedule(schedule) for schedule in status.schedules],
        "time_held": status.held,
    }


def _presence(presence: Presence) -> dict[str, Any]:
    return asdict(presence) | {"since": iso(presence.since)}


def _schedule(schedule: ScheduleStatus) -> dict[str, Any]:
    last = schedule.runs[0] if schedule.runs else None
    shown = {name: value for name, value in asdict(schedule).items() if name != "runs"}
    ended = {"last": iso(last.tick), "last_decision": last.decision, "last_status": last.status} if last else {}
    marks = mark_facts(schedule.paused, schedule.skip)
    last_run = {"last": None, "last_decision": None, "last_status": None} | ended
    return shown | {"next": iso(schedule.next)} | last_run | marks


def _show(status: Status) -> None:
    for line in _lines(status):
        click.echo(line)
    if not status.schedules:
        click.echo("schedules: none yet; a clock brings its timetable when it leads")
        return
    rows = [_row(schedule) for schedule in status.schedules]
    show_table(["Name", "When", "Next", "Last", "Ended"], rows)


def _row(schedule: ScheduleStatus) -> list[str]:
    last = schedule.runs[0] if schedule.runs else None
    coming = shown(local(schedule.next, schedule.timezone)) if schedule.next else "-"
    before = shown(local(last.tick, schedule.timezone)) if last else "-"
    mark = words(schedule.paused, schedule.skip, schedule.timezone)
    ended = (last.status or last.decision) if last else "-"
    return [schedule.name, schedule.when, "\n".join(part for part in (coming, mark) if part), before, ended]


def _lines(status: Status) -> list[str]:
    leader = status.leader
    head = f"clock: {_process(leader)} leads since {iso(leader.since)}" if leader else _silence(status)
    standbys = ", ".join(map(_process, status.standbys)) or "none"
    queues = ", ".join(f"{q['name']} ({q['count']} waiting, {_many(q['workers'])})" for q in status.queues) or "none"
    workers = ", ".join(f"{worker['name'][:12]} ({worker['state']})" for worker in status.workers) or "none"
    found = [head, f"standing by: {standbys}", f"queues: {queues}", f"workers: {workers}", zone_line(date.today())]
    return [*found[:2], held, *found[2:]] if (held := _held(status)) else found


def _process(clock: Presence) -> str:
    silent = f", silent for {clock.silent_for:.0f} s" if clock.silent_for else ""
    return f"{clock.host} (pid {clock.pid}{silent})"


def _many(workers: int) -> str:
    return "1 worker" if workers == 1 else f"{workers} workers"


def _held(status: Status) -> str:
    if not status.has_jumped:
        return ""
    way = "ahead of" if status.held > 0 else "behind"
    return (
        f"TIME: Redis's jumped and is {length(abs(round(status.held)))} {way} the clocks', which go on as before; "
        "if Redis is right: rqclock accept-time"
    )


def _silence(status: Status) -> str:
    since = f" since {iso(int(status.silent_since))}" if status.silent_since else ""
    return f"clock: SILENT{since}: nothing is enqueued; start one with python clock.py"
