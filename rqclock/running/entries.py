"""From a schedule's plan to the entries of the ledger: each tick with what is known of its decision already. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from rqclock.running.catch_up import Course, Due, Gap, plan
from rqclock.store.ledger import Entry
from rqclock.timetable.schedules import Schedule

Ask = Callable[[Schedule, int], tuple[str, str] | None]


def nobody(schedule: Schedule, tick: int) -> None:
    """Ask no predicate: for schedules of another version, whose code is not here."""


@dataclass(frozen=True)
class Outage:
    """Why ticks may be late: `since` when (Redis's time), and `cause` in words unless it is that no clock led."""

    since: float | None = None
    cause: str | None = None

    @property
    def decision(self) -> str:
        """The word for a tick that this cost: a cause in Redis refuses, time without a clock misses."""
        return "refused" if self.cause else "missed"

    def row(self, now: float) -> dict[str, Any]:
        """Its part of a ledger row."""
        span: dict[str, Any] = {} if self.since is None else {"down": [int(self.since), int(now)]}
        return span | ({"cause": self.cause} if self.cause else {})


@dataclass(frozen=True)
class View:
    """What the ticker knows beside the plan: the outage that is over, a predicate's answer, what was enqueued once.

    `allow` is asked before each tick that is caught up: False leaves it, and all after it, undecided for now.
    `known_until` is the last tick that this process knows as decided though Redis has lost it.
    """

    now: float
    outage: Outage
    ask: Ask = nobody
    allow: Callable[[], bool] = lambda: True
    known_until: int | None = None


def entries(course: Course, view: View) -> Iterator[Entry]:
    """The ticks of a schedule between its cursor and now, in order."""
    schedule, cursor = course.schedule, course.cursor
    for step in plan(course, view.now):
        if isinstance(step, Gap):
            row = {"why": step.why, "from": step.first, "n": step.count} | view.outage.row(view.now)
            yield Entry(schedule, step.tick, cursor, view.outage.decision if step.why == "down" else "missed", row)
        elif step.late and not view.allow():
            return
        else:
            yield _entry(schedule, step, cursor, view)
        cursor = step.tick


def _entry(schedule: Schedule, due: Due, cursor: int, view: View) -> Entry:
    again = {"refired": True} if view.known_until is not None and due.tick <= view.known_until else {}
    veto = schedule.veto(due.tick)
    decided = ("skipped", veto) if veto else view.ask(schedule, due.tick)
    if decided:
        return Entry(schedule, due.tick, cursor, decided[0], {"why": decided[1]} | again)
    row = ({"why": "late"} | view.outage.row(view.now) if due.late else _noted(schedule, due.tick)) | again
    return Entry(schedule, due.tick, cursor, None, row or None)


def _noted(schedule: Schedule, tick: int) -> dict[str, Any]:
    note = schedule.note(tick)
    return {"why": note} if note else {}


def closed(entry: Entry) -> Entry:
    """The entry of a schedule that is no longer in the timetable: nothing of it is enqueued any more."""
    if entry.decision:
        return entry
    why = "removed from the timetable before it was queued"
    return Entry(entry.schedule, entry.tick, entry.cursor, "missed", {"why": why})
