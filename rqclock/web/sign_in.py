"""Signing in and out. So far one way in: the link that `rqclock dev` prints, which opens once."""

from __future__ import annotations

import hashlib
import hmac
import time

from flask import Blueprint, abort, g, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from rqclock.web import users
from rqclock.web.door import own_path
from rqclock.web.state import connection, settings

DEVELOPER = users.User("dev@localhost", frozenset({"admin"}))
CLAIM_LIFE = 30 * 24 * 3600  # seconds; longer than a development session runs

blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/sign-in")
def page() -> Response | str:
    after = own_path(request.args.get("next"))
    if g.user is not None:
        return redirect(after or url_for("schedules.index"))
    session["next"] = after  # the link in the terminal cannot know which page was asked for
    return render_template("sign_in.html", development=bool(settings().dev_sign_in))


@blueprint.get("/sign-in/dev")
def development() -> Response | tuple[str, int]:
    """Sign in by the link of `rqclock dev`. HEAD and wrong tokens use nothing up."""
    expected, token = settings().dev_sign_in, request.args.get("token", "")
    if not expected:
        abort(404)
    if not hmac.compare_digest(token.encode(), expected.encode()):
        return render_template("sign_in_refused.html", used=False), 403
    if g.user is None and request.method == "GET" and not _claim(token):
        return render_template("sign_in_refused.html", used=True), 403
    after = own_path(session.get("next")) or url_for("schedules.index")
    if g.user is None and request.method == "GET":
        users.sign_in(DEVELOPER, now=time.time())
    return redirect(after)


@blueprint.post("/sign-out")
def leave() -> Response:
    users.sign_out()
    return redirect(url_for("sign_in.page"))


def _claim(token: str) -> bool:
    """Whether the link had not been used. One atomic step in Redis, so of two visits at once one gets in; the token
    itself is not stored, only what it hashes to."""
    digest = hashlib.sha256(token.encode()).hexdigest()[:32]
    return bool(connection().set(f"{settings().key_prefix}:web:sign-in:{digest}", b"used", nx=True, ex=CLAIM_LIFE))
