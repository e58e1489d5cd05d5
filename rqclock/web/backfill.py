"""Queueing past runs after all: first a preview of what would be done with each, then one button."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from itertools import islice

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from rqclock.acts.backfill import Backfill, Candidate, Order, Pace
from rqclock.errors import RqclockError
from rqclock.web.forms import Form, local_input
from rqclock.web.once import new_token, once
from rqclock.web.state import connection
from rqclock.web.subject import Subject, by, find, standing

MOST = 1000  # runs that a page queues; more take longer than a browser waits, and belong to the command line
LISTED = 200
DAY = 86_400
# Why a run stays as it is: what the library says for the command line, said for the page.
REFUSALS = {
    "enqueued": "queued then",
    "undecided": "not decided yet, the clock has it before it",
    "unrecorded": "nothing is recorded of it, so nobody can tell whether it ran",
}

blueprint = Blueprint("backfill", __name__)


@dataclass(frozen=True)
class Preview:
    """The runs of a span. Of those that would be queued the first are `listed`; `left` counts the others by reason."""

    candidates: tuple[Candidate, ...]
    more: bool

    @property
    def chosen(self) -> list[Candidate]:
        return [candidate for candidate in self.candidates if candidate.refusal is None]

    @property
    def listed(self) -> list[Candidate]:
        return self.chosen[:LISTED]

    @property
    def left(self) -> list[tuple[str, int]]:
        return Counter(_why_left(candidate) for candidate in self.candidates if candidate.refusal).most_common()


def _why_left(candidate: Candidate) -> str:
    return REFUSALS.get(candidate.was, candidate.refusal or "")


@blueprint.route("/backfill/<clock>/<path:name>", methods=["GET", "POST"])
def page(*, clock: str, name: str) -> Response | str | tuple[str, int]:
    """GET asks for the span, and with one in its address shows the preview; POST does it."""
    subject = find(clock, name)
    form = Form(request.form if request.method == "POST" else request.args)
    asked = request.method == "POST" or "from" in form.values
    order = _order(subject, form) if asked else None
    preview = _preview(subject, order) if order else None
    if preview and preview.more:
        form.errors["form"] = f"That is more than {MOST:,} runs. Choose a shorter span, or use rqclock backfill."
        preview = None
    if request.method == "POST" and order and preview and not form.errors:
        try:
            flash(once(request.form.get("token", ""), lambda: _do(order, preview)))
            return redirect(subject.page)
        except RqclockError as error:
            form.errors["form"] = f"{str(error)[:1].upper()}{str(error)[1:]}."
    return _render(subject, form, preview)


def _order(subject: Subject, form: Form) -> Order | None:
    zone = subject.schedule.timezone
    start, end = form.instant("from", zone=zone), form.instant("to", zone=zone)
    why = form.reason(needed=request.method == "POST")
    if start is None or end is None:
        return None
    if end <= start:
        form.errors["to"] = "The end is not later than the beginning."
        return None
    return Order(subject.schedule, start, end, by(why), again="again" in form.values)


def _preview(subject: Subject, order: Order) -> Preview:
    found = tuple(islice(Backfill(connection(), subject.keys, order).plan(), MOST + 1))
    return Preview(found[:MOST], len(found) > MOST)


def _do(order: Order, preview: Preview) -> str:
    subject = find(request.view_args["clock"], order.schedule.name)  # type: ignore[index]
    work = Backfill(connection(), subject.keys, order)
    done = Counter(result.outcome for result in work.run(Pace(), planned=len(preview.chosen)))
    other = done["changed"] + done["duplicate"]
    kept = f" {other} could not be: see its runs." if other else ""
    return f"Queued {done['enqueued']:,} past runs of {order.schedule.name}.{kept}"


def _render(subject: Subject, form: Form, preview: Preview | None) -> str | tuple[str, int]:
    now, zone = time.time(), subject.schedule.timezone
    suggested = {"from": local_input(now - DAY, zone), "to": local_input(now, zone)}
    page = render_template(
        "actions/backfill.html",
        subject=subject,
        schedule=subject.schedule,
        standing=standing(subject, now=now),
        errors=form.errors,
        values=suggested | dict(form.values),
        preview=preview,
        token=new_token(),
        now=now,
    )
    return (page, 422) if form.errors else page
