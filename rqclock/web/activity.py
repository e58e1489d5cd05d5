"""Who did what, when, why and from where: a page with filters, and the same as CSV."""

from __future__ import annotations

import csv
import heapq
import io
import json
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import redis
from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from rqclock.acts.activity import ALL, Entry, read, record
from rqclock.store.keys import Keys
from rqclock.store.ticks import iso
from rqclock.views.wording import detail_words
from rqclock.web.forms import page_number
from rqclock.web.state import clock_keys, connection
from rqclock.web.subject import by
from rqclock.web.words import act_words

log = logging.getLogger("rqclock.web")
PAGE = 100
COLUMNS = ("at", "clock", "who", "what", "schedule", "why", "where", "detail")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
SPANS = {"1": "the last day", "7": "the last 7 days", "30": "the last 30 days", "90": "all that is kept (90 days)"}

blueprint = Blueprint("activity", __name__)


@dataclass(frozen=True)
class Act:
    """An entry, and whose Clock's."""

    clock: str
    entry: Entry

    @property
    def words(self) -> str:
        return act_words(self.entry.what)

    @property
    def detail(self) -> str:
        return detail_words(self.entry.details())

    @property
    def schedule(self) -> str:
        return "all schedules" if self.entry.schedule == ALL else self.entry.schedule

    def says(self, text: str) -> bool:
        """Whether the text stands anywhere in it."""
        entry = self.entry
        fields = (entry.who, self.words, entry.what, self.schedule, entry.why, entry.where, self.detail)
        return any(text in field.lower() for field in fields)


@dataclass(frozen=True)
class Asked:
    """What the address asks for: a text, a person, how many days back, and which page."""

    text: str
    who: str
    days: str
    page: int

    def holds(self, act: Act) -> bool:
        if self.who and act.entry.who != self.who:
            return False
        return not self.text or act.says(self.text.lower())


@blueprint.get("/activity")
def index() -> str:
    asked, now = _asked(), time.time()
    first = (asked.page - 1) * PAGE
    found = list(islice(_acts(asked, now), first, first + PAGE + 1))
    more, several = len(found) > PAGE, len(clock_keys()) > 1
    return render_template(
        "activity.html", acts=found[:PAGE], asked=asked, spans=SPANS, more=more, now=now, several=several
    )


@blueprint.get("/activity.csv")
def export() -> Response:
    """The same entries, all of them, for a spreadsheet."""
    asked, now = _asked(), time.time()
    name = f"activity-{iso(now)[:10]}.csv"
    lines = list(_lines(_acts(asked, now)))
    return Response(
        "".join(lines),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def recent(keys: Keys, *, schedule: str, limit: int) -> list[Act]:
    """What people last did to one schedule, or to all."""
    acts = (Act(keys.clock, entry) for entry in islice(read(connection(), keys), 500))
    return list(islice((act for act in acts if act.entry.schedule in (schedule, ALL)), limit))


def note(keys: Keys, what: str, *, schedule: str = "", detail: dict[str, object] | None = None) -> None:
    """Record what the person of this request did."""
    record(connection(), keys, Entry.of(what, by(request.form.get("reason", "")), schedule=schedule, detail=detail))


def signed_in(email: str, *, by_way_of: str) -> None:
    """Record that a person has come in. A Redis that does not answer keeps nobody out: the log has the line then."""
    entry = Entry("signed in", email, where=f"web, {request.remote_addr}", detail={"by": by_way_of})
    try:
        record(connection(), clock_keys()[0], entry)
    except redis.RedisError as error:
        log.warning("%s signed in, and it could not be kept: %s", email, error)


def _asked() -> Asked:
    values = request.args
    days = values.get("days", "30")
    return Asked(
        values.get("q", "").strip()[:100],
        values.get("who", "").strip(),
        days if days in SPANS else "30",
        page_number(values.get("page")),
    )


def _acts(asked: Asked, now: float) -> Iterator[Act]:
    """Newest first, of all Clocks."""
    since = now - int(asked.days) * 86_400
    streams = [_of_clock(keys, since) for keys in clock_keys()]
    merged = heapq.merge(*streams, key=lambda act: -act.entry.at)
    return (act for act in merged if asked.holds(act))


def _of_clock(keys: Keys, since: float) -> Iterator[Act]:
    return (Act(keys.clock, entry) for entry in read(connection(), keys, since=since))


def _lines(acts: Iterator[Act]) -> Iterator[str]:
    yield _line(COLUMNS)
    for act in acts:
        entry = act.entry
        detail = json.dumps(entry.detail, ensure_ascii=False) if entry.detail else ""
        yield _line((iso(entry.at), act.clock, entry.who, entry.what, entry.schedule, entry.why, entry.where, detail))


def _line(values: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([cell(value) for value in values])
    return out.getvalue()


def cell(value: str) -> str:
    """What a spreadsheet would take for a formula is text to it behind an apostrophe."""
    return f"'{value}" if value.startswith(FORMULA) else value
