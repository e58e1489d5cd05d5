"""The pages of schedules: all of them, and one with its runs."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, abort, make_response, render_template, request
from werkzeug.wrappers import Response

from rqclock.history import Run, read_history
from rqclock.status import ScheduleStatus, Status, read_schedules, read_status
from rqclock.web.state import clock_keys, connection
from rqclock.web.words import Outcome, outcome, spoken, when_words

RUNS_SHOWN = 100

blueprint = Blueprint("schedules", __name__)


@dataclass(frozen=True)
class Mark:
    """One run with what became of it."""

    run: Run
    outcome: Outcome


@dataclass(frozen=True)
class Row:
    """A schedule as the page shows it; `marks` newest first."""

    schedule: ScheduleStatus
    when: str
    marks: tuple[Mark, ...]

    @property
    def last(self) -> Mark | None:
        return self.marks[0] if self.marks else None

    @property
    def ended(self) -> Mark | None:
        """The last run that is over: how a schedule is doing is not changed by its next run having begun."""
        return next((mark for mark in self.marks if mark.outcome.tone != "wait"), None)

    @property
    def spoken(self) -> str:
        """The strip of runs in words."""
        words = spoken([mark.outcome.word for mark in self.marks[::-1]])
        return f"Last {len(self.marks)} runs, oldest first: {words}" if len(self.marks) > 1 else f"Last run: {words}"


@dataclass(frozen=True)
class Section:
    """A Clock with its schedules. Most systems have one; several services may share a Redis."""

    name: str
    status: Status
    rows: tuple[Row, ...]
    unworked: tuple[str, ...]


@blueprint.get("/")
def index() -> Response:
    sections = [section(keys.clock, status=read_status(connection(), keys)) for keys in clock_keys()]
    return _live("schedules", sections=sections, summary=summary(sections))


@blueprint.get("/schedules/<clock>/<path:name>")
def one(*, clock: str, name: str) -> Response:
    keys = next((keys for keys in clock_keys() if keys.clock == clock), None)
    schedules = read_schedules(connection(), keys) if keys else []
    schedule = next((schedule for schedule in schedules if schedule.name == name), None)
    if keys is None or schedule is None:
        abort(404, f"There is no schedule {name!r} in the timetable that is in force.")
    found = section(clock, status=read_status(connection(), keys, runs=1))
    row = next(row for row in found.rows if row.schedule.name == name)
    runs = read_history(connection(), keys, schedule, RUNS_SHOWN)
    return _live("schedule", section=found, row=row, marks=marks(runs))


def section(name: str, *, status: Status) -> Section:
    rows = tuple(
        Row(schedule, when_words(schedule.when, timezone=schedule.timezone), marks(schedule.runs))
        for schedule in status.schedules
    )
    return Section(name, status, rows, unworked(status))


def marks(runs: Iterable[Run]) -> tuple[Mark, ...]:
    return tuple(Mark(run, outcome(run)) for run in runs)


def unworked(status: Status) -> tuple[str, ...]:
    """Queues of schedules on which no worker works: what is queued there waits, and no error says so."""
    worked = {queue for worker in status.workers for queue in worker["queues"]}
    return tuple(sorted({schedule.queue for schedule in status.schedules if schedule.enabled} - worked))


def summary(sections: Iterable[Section]) -> dict[str, int]:
    """How many schedules there are, and of how many the last run went wrong (`bad`) or needs a look (`warn`)."""
    rows = [row for found in sections for row in found.rows]
    tones = [row.ended.outcome.tone for row in rows if row.ended]
    return {"schedules": len(rows), "bad": tones.count("bad"), "warn": tones.count("warn")}


def _live(page: str, **values: object) -> Response:
    """The whole page, or with `?live` only the part that changes, which the page's script asks for again and again:
    then an answer of 304 says that nothing did."""
    template = f"{page}_live.html" if "live" in request.args else f"{page}.html"
    response = make_response(render_template(template, now=time.time(), **values))
    if "live" in request.args:
        response.add_etag()
        response.make_conditional(request)
    return response
