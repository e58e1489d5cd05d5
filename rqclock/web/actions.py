"""What people do to one schedule: run it now, pause it, resume it, let its next run out.

Each address shows a page that asks once (GET) and then does it (POST), once for each form however often it is sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request
from werkzeug.wrappers import Response

from rqclock.acts.pauses import Pauses
from rqclock.acts.run_now import Request, run_now
from rqclock.acts.skips import Skips
from rqclock.errors import RqclockError
from rqclock.web import moments
from rqclock.web.forms import Form, arguments_text
from rqclock.web.once import new_token, once
from rqclock.web.state import connection
from rqclock.web.subject import Subject, by, find, standing
from rqclock.web.users import may

blueprint = Blueprint("actions", __name__)
Answer = Response | str | tuple[str, int]


@blueprint.route("/run-now/<clock>/<path:name>", methods=["GET", "POST"])
def run(*, clock: str, name: str) -> Answer:
    subject = find(clock, name)
    if not subject.schedule.run_now:
        abort(409, "This schedule is not to be run by hand: the timetable says so (run_now=False).")
    form, admin = Form(request.form), may(g.role, needed="admin")
    own = arguments_text(subject.schedule)

    def act() -> str:
        asked = Request(by(why).who, why, request.form.get("token", ""), by(why).where)
        queued = run_now(connection(), subject.keys, subject.schedule, asked, args=arguments)
        return f"Queued {name} as {queued.job_id}."

    why, arguments = (form.reason(), form.arguments(subject.schedule)) if _sent() else ("", None)
    return _answer("run", subject, form, act, arguments=own if admin else None)


@blueprint.route("/pause/<clock>/<path:name>", methods=["GET", "POST"])
def pause(*, clock: str, name: str) -> Answer:
    subject = find(clock, name)
    if subject.schedule.trigger is None:
        abort(409, "This schedule runs only when a person asks: there is nothing to pause.")
    zone, form = subject.schedule.timezone, Form(request.form)

    def act() -> str:
        Pauses(connection(), subject.keys).pause(subject.schedule, by(why), until=until)
        end = _at(until, zone) if until is not None else "somebody resumes it"
        return f"Paused {name} until {end}. What falls due meanwhile is skipped."

    why, until = "", None
    if _sent():
        why, until = form.reason(needed=True), form.instant("until", zone=zone, needed=False)
        if until is not None and until <= time.time():
            form.errors["until"] = "That is past already. Say a time to come, or leave it empty."
    return _answer("pause", subject, form, act)


@blueprint.route("/resume/<clock>/<path:name>", methods=["GET", "POST"])
def resume(*, clock: str, name: str) -> Answer:
    subject, form = find(clock, name), Form(request.form)
    pauses = Pauses(connection(), subject.keys)

    def act() -> str:
        found = pauses.resume(subject.schedule, by(why))
        return f"{name} was not paused any more." if found is None else f"Resumed {name}."

    why = form.reason() if _sent() else ""
    return _answer("resume", subject, form, act, preview=pauses.preview(subject.schedule))


@blueprint.route("/skip-next/<clock>/<path:name>", methods=["GET", "POST"])
def skip(*, clock: str, name: str) -> Answer:
    subject, form = find(clock, name), Form(request.form)
    skips, zone = Skips(connection(), subject.keys), subject.schedule.timezone

    def act() -> str:
        skipped = skips.skip_next(subject.schedule, by(why))
        return f"The run of {name} due {_at(skipped.tick, zone)} will be left out."

    why = form.reason(needed=True) if _sent() else ""
    coming = standing(subject, now=time.time())
    if _sent() and request.form.get("tick") != str(coming.next) and coming.skip is None:
        form.errors["form"] = "The run that you saw has begun meanwhile. The page now shows the one after it."
    return _answer("skip", subject, form, act)


@blueprint.route("/run-after-all/<clock>/<path:name>", methods=["GET", "POST"])
def unskip(*, clock: str, name: str) -> Answer:
    subject, form = find(clock, name), Form(request.form)

    def act() -> str:
        skip = Skips(connection(), subject.keys).take_back(subject.schedule, by(why))
        if skip is None:
            raise RqclockError("no run of it is to be left out any more")
        return f"{name} will run {_at(skip.tick, subject.schedule.timezone)} after all."

    why = form.reason() if _sent() else ""
    return _answer("unskip", subject, form, act)


def _sent() -> bool:
    return request.method == "POST"


def _at(instant: int, zone: str) -> str:
    words = moments.local(instant, zone=zone, now=time.time())
    return f"{words} {moments.zone_name(instant, zone=zone)}"


def _answer(action: str, subject: Subject, form: Form, act: Callable[[], str], **values: Any) -> Answer:
    """Do it and go back to the schedule, or show the page that asks, with what is wrong."""
    if _sent() and not form.errors:
        try:
            flash(once(request.form.get("token", ""), act))
            return redirect(subject.page)
        except RqclockError as error:
            form.errors["form"] = f"{str(error)[:1].upper()}{str(error)[1:]}."
    now = time.time()
    page = render_template(
        f"actions/{action}.html",
        subject=subject,
        schedule=subject.schedule,
        standing=standing(subject, now=now),
        errors=form.errors,
        values=form.values,
        token=new_token(),
        now=now,
        **values,
    )
    return (page, 422) if form.errors else page
