"""Pausing all schedules of a Clock at once, and resuming them: for admins, in an incident or a migration."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from rqclock.acts.pauses import Pauses
from rqclock.errors import RqclockError
from rqclock.store.keys import Keys
from rqclock.web import moments
from rqclock.web.actions import Answer
from rqclock.web.forms import Form
from rqclock.web.once import new_token, once
from rqclock.web.state import clock_keys, clock_zone, connection
from rqclock.web.subject import by

blueprint = Blueprint("pause_all", __name__)


@blueprint.route("/pause-all/<clock>", methods=["GET", "POST"])
def pause(*, clock: str) -> Answer:
    keys, form, zone = _keys(clock), Form(request.form), clock_zone(clock)

    def act() -> str:
        Pauses(connection(), keys).pause(None, by(why), until=until)
        end = "somebody resumes them"
        if until is not None:
            end = f"{moments.local(until, zone=zone, now=time.time())} {moments.zone_name(until, zone=zone)}"
        return f"Paused all schedules until {end}. What falls due meanwhile is skipped."

    why, until = "", None
    if request.method == "POST":
        why, until = form.reason(needed=True), form.instant("until", zone=zone, needed=False)
        if until is not None and until <= time.time():
            form.errors["until"] = "That is past already. Say a time to come, or leave it empty."
    count = connection().hlen(keys.named("definitions"))
    return _answer("pause_all", form, act, clock=clock, zone=zone, count=count)


@blueprint.route("/resume-all/<clock>", methods=["GET", "POST"])
def resume(*, clock: str) -> Answer:
    keys, form = _keys(clock), Form(request.form)
    pauses = Pauses(connection(), keys)

    def act() -> str:
        found = pauses.resume(None, by(why))
        return "They were not paused any more." if found is None else "Resumed all schedules."

    why = form.reason() if request.method == "POST" else ""
    return _answer("resume_all", form, act, clock=clock, zone=clock_zone(clock), preview=pauses.preview(None))


def _keys(clock: str) -> Keys:
    for keys in clock_keys():
        if keys.clock == clock:
            return keys
    abort(404, f"There is no Clock {clock!r}.")


def _answer(page: str, form: Form, act: Callable[[], str], **values: Any) -> Answer:
    if request.method == "POST" and not form.errors:
        try:
            flash(once(request.form.get("token", ""), act))
            return redirect(url_for("schedules.index"))
        except RqclockError as error:
            form.errors["form"] = f"{str(error)[:1].upper()}{str(error)[1:]}."
    shown = render_template(
        f"actions/{page}.html", errors=form.errors, values=form.values, token=new_token(), now=time.time(), **values
    )
    return (shown, 422) if form.errors else shown
