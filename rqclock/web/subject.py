"""What an action is about: one schedule of one Clock, how it stands just now, and the person who acts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import abort, g, redirect, request, url_for

from rqclock.acts.activity import ALL, By
from rqclock.acts.pauses import Pause, Pauses
from rqclock.acts.skips import Skip, Skips
from rqclock.store.in_force import next_run, read_schedule
from rqclock.store.keys import Keys
from rqclock.store.names import Names
from rqclock.store.replies import text
from rqclock.store.ticks import slug
from rqclock.timetable.schedules import Schedule
from rqclock.views.history import Run, read_history
from rqclock.web.state import clock_keys, connection
from rqclock.web.words import Mark, mark

LOOKED_AT = 12


@dataclass(frozen=True)
class Subject:
    """A schedule in force, and its keys."""

    keys: Keys
    schedule: Schedule

    @property
    def place(self) -> dict[str, str]:
        """Its place in addresses."""
        return {"clock": self.keys.clock, "name": self.schedule.name}

    @property
    def page(self) -> str:
        """The address of its page."""
        return url_for("schedules.one", clock=self.keys.clock, name=self.schedule.name)


@dataclass(frozen=True)
class Standing:
    """How a schedule stands: when it last ran, what of it is under way, what comes next, and what people asked for."""

    last: Mark | None
    under_way: tuple[Mark, ...]
    next: int | None
    next_note: str | None
    pause: Pause | None
    skip: Skip | None


def find(clock: str, name: str) -> Subject:
    """The schedule in force; else the request ends: at the page of today for a name that it had before, or with 404."""
    keys = next((keys for keys in clock_keys() if keys.clock == clock), None)
    if keys is None:
        abort(404, f"There is no Clock {clock!r}.")
    schedule = _in_force(keys, slug(name))
    if schedule is not None and schedule.name == name:
        return Subject(keys, schedule)
    renamed = _in_force(keys, Names.read(connection(), keys).today(slug(name)))
    if renamed is None or renamed.slug == slug(name):
        abort(404, f"There is no schedule {name!r} in the timetable that is in force.")
    if request.method in ("GET", "HEAD"):
        asked = f"?{text(request.query_string)}" if request.query_string else ""
        abort(redirect(url_for(request.endpoint or "schedules.one", clock=clock, name=renamed.name) + asked))
    abort(404, f"The schedule {name!r} is called {renamed.name!r} now.")


def _in_force(keys: Keys, slug_: str) -> Schedule | None:
    found: Any = connection().hget(keys.named("definitions"), slug_)
    return read_schedule(found, where=f"the definition of {slug_}") if found else None


def standing(subject: Subject, *, now: float) -> Standing:
    """Raises redis.RedisError."""
    schedule = subject.schedule
    marks = [mark(run) for run in read_history(connection(), subject.keys, schedule, LOOKED_AT)]
    pauses, skips = Pauses(connection(), subject.keys).in_force(now), Skips(connection(), subject.keys).coming(now)
    next_ = next_run(schedule, int(now))
    return Standing(
        last=next((one for one in marks if began(one.run)), None),
        under_way=tuple(one for one in marks if one.run.status in ("started", "queued")),
        next=next_,
        next_note=None if next_ is None else schedule.note(next_),
        pause=pauses.get(schedule.slug) or pauses.get(ALL),
        skip=skips.get(schedule.slug),
    )


def began(run: Run) -> bool:
    return run.started_at is not None and run.status != "started"


def by(reason: str = "") -> By:
    """The person of this request, and from where."""
    return By(g.user.email, reason, f"web, {request.remote_addr or 'address unknown'}")
