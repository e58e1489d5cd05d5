"""The pages of schedules: all of them, and one with its runs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from rqclock.acts.activity import ALL
from rqclock.acts.pauses import Pause, Pauses
from rqclock.acts.skips import Skips
from rqclock.store.keys import Keys
from rqclock.timetable.schedules import Schedule
from rqclock.views.history import Run, read_history
from rqclock.views.status import ScheduleStatus, Status, read_system, statuses
from rqclock.web import activity
from rqclock.web.coming import Coming, coming, policies
from rqclock.web.listing import STATES, Asked, Listing, choose
from rqclock.web.plot import plot, typical
from rqclock.web.state import clock_keys, clock_zone, connection, timetables
from rqclock.web.subject import Subject, find
from rqclock.web.timeline import Timeline, timeline
from rqclock.web.timetables import Card
from rqclock.web.words import Mark, mark, spoken, when_words

RUNS_SHOWN, RUNS_FIRST = 100, 25
ACTS_SHOWN = 5

blueprint = Blueprint("schedules", __name__)


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
    def typical(self) -> float | None:
        return typical(self.marks)

    @property
    def spoken(self) -> str:
        """The strip of runs in words."""
        words = spoken([mark.outcome.word for mark in self.marks[::-1]])
        return f"Last {len(self.marks)} runs, oldest first: {words}" if len(self.marks) > 1 else f"Last run: {words}"


@dataclass(frozen=True)
class Section:
    """A Clock with its schedules that are shown; `pause` is one of them all. Several services may share a Redis."""

    name: str
    status: Status
    rows: tuple[Row, ...]
    unworked: tuple[str, ...]
    pause: Pause | None = None


@blueprint.get("/")
def index() -> Response:
    asked, now = Asked.of(request.args), int(time.time())
    cards = timetables().cards(connection(), clock_keys())
    listing = choose(cards, asked, now=now)
    sections = _sections(cards, listing)
    return live(
        "schedules", asked=asked, states=STATES, listing=listing, sections=sections, day=_day(sections, listing, now)
    )


@blueprint.get("/schedules/<clock>/<path:name>")
def one(*, clock: str, name: str) -> Response:
    subject = find(clock, name)
    status = read_system(connection(), subject.keys)
    row = rows(subject.keys, [subject.schedule], status)[0]
    marks = marks_of(read_history(connection(), subject.keys, subject.schedule, RUNS_SHOWN))
    queues = [subject.schedule.target.options.queue]
    return live(
        "schedule",
        section=Section(clock, status, (row,), unworked(status, queues), _pause_of_all(subject.keys)),
        row=row,
        marks=marks,
        shown=RUNS_SHOWN if "runs" in request.args else RUNS_FIRST,
        plot=plot(marks),
        coming=_coming(subject, int(status.at)),
        policies=policies(subject.schedule),
        target=subject.schedule.target,
        acts=activity.recent(subject.keys, schedule=name, limit=ACTS_SHOWN),
        runs_by_hand=subject.schedule.run_now,
    )


def _coming(subject: Subject, now: int) -> list[Coming]:
    pauses, skips = Pauses(connection(), subject.keys).in_force(now), Skips(connection(), subject.keys).coming(now)
    slug = subject.schedule.slug
    return coming(subject.schedule, pause=pauses.get(slug) or pauses.get(ALL), skip=skips.get(slug), now=now)


def _sections(cards: Sequence[Card], listing: Listing) -> list[Section]:
    """Every Clock, also one of which no schedule is on this page: it may be silent."""
    shown = {clock: list(own) for clock, own in groupby(listing.cards, key=lambda card: card.keys.clock)}
    found = []
    for keys in clock_keys():
        own = [card for card in cards if card.keys.clock == keys.clock]
        status = read_system(connection(), keys)
        lines = rows(keys, [card.schedule for card in shown.get(keys.clock, [])], status)
        queues = {card.schedule.target.options.queue for card in own if card.schedule.enabled}
        found.append(Section(keys.clock, status, lines, unworked(status, queues) if own else (), _pause_of_all(keys)))
    return found


def _pause_of_all(keys: Keys) -> Pause | None:
    return Pauses(connection(), keys).in_force().get(ALL)


def rows(keys: Keys, schedules: Sequence[Schedule], status: Status) -> tuple[Row, ...]:
    found = statuses(connection(), keys, schedules, status.at)
    return tuple(Row(one, when_words(one.when, timezone=one.timezone), marks_of(one.runs)) for one in found)


def marks_of(runs: Sequence[Run]) -> tuple[Mark, ...]:
    return tuple(mark(run) for run in runs)


def unworked(status: Status, queues: Iterable[str]) -> tuple[str, ...]:
    """Those queues on which no worker works: what is queued there waits, and no error says so."""
    worked = {queue for worker in status.workers for queue in worker["queues"]}
    return tuple(sorted(set(queues) - worked))


def _day(sections: Sequence[Section], listing: Listing, now: int) -> Timeline | None:
    """The next 24 hours of the schedules on the page, by the clocks of the first one's zone."""
    if not listing.cards:
        return None
    paused = {(found.name, row.schedule.name) for found in sections for row in found.rows if row.schedule.paused}
    shown = [(card.schedule, (card.keys.clock, card.schedule.name) in paused) for card in listing.cards]
    return timeline(shown, zone=clock_zone(listing.cards[0].keys.clock), now=now)


def live(page: str, **values: object) -> Response:
    """The whole page, or with `?live` only the part that changes, which the page's script asks for again and again:
    then an answer of 304 says that nothing did."""
    template = f"{page}_live.html" if "live" in request.args else f"{page}.html"
    address = request.full_path.removesuffix("?")
    query = f"{request.script_root}{address}{'&' if '?' in address else '?'}live=1"
    response = make_response(render_template(template, now=time.time(), live_address=query, **values))
    if "live" in request.args:
        response.add_etag()
        response.make_conditional(request)
    return response
