"""Signing in and out: through a provider, with a local account, or by the link that `rqclock dev` prints."""

from __future__ import annotations

import hashlib
import hmac
import logging
import time

from flask import Blueprint, abort, current_app, g, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from rqclock.accounts import Accounts
from rqclock.settings.environments import local_accounts_open
from rqclock.web import activity, attempts, openid, users
from rqclock.web.door import own_path
from rqclock.web.forms import Errors
from rqclock.web.state import connection, settings

log = logging.getLogger("rqclock.web")
DEVELOPER = users.User("dev@localhost", frozenset({"admin"}))
CLAIM_LIFE = 30 * 24 * 3600  # seconds; longer than a development session runs
WRONG = "There is no account with this address and password."
TOO_OFTEN = "Too many tries. Wait a quarter of an hour."

blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/sign-in")
def page() -> Response | str:
    after = own_path(request.args.get("next"))
    if g.user is not None:
        return redirect(after or url_for("schedules.index"))
    session["next"] = after  # neither the provider nor the link in the terminal knows which page was asked for
    return _page({})


@blueprint.post("/sign-in")
def local() -> Response | tuple[str, int]:
    """Sign in with a local account. A wrong address and a wrong password get the same answer."""
    if not local_accounts_open(settings()):
        abort(404)
    email, password = request.form.get("email", "").strip(), request.form.get("password", "")
    if not attempts.allowed(email=email, place=request.remote_addr or ""):
        log.warning("too many sign-ins from %s", request.remote_addr)
        return _page({"form": TOO_OFTEN}), 429
    account = Accounts(connection(), settings().key_prefix).check(email, password)
    if account is None:
        return _page({"email": WRONG}), 403
    attempts.forget(email)
    after = own_path(session.get("next")) or url_for("schedules.index")
    users.sign_in(users.User(account.email), now=time.time(), mark=account.mark)
    activity.signed_in(account.email, by_way_of="local account")
    return redirect(after)


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
        activity.signed_in(DEVELOPER.email, by_way_of="link of rqclock dev")
    return redirect(after)


@blueprint.post("/sign-out")
def leave() -> Response:
    users.sign_out()
    return redirect(url_for("sign_in.page"))


def _page(errors: Errors) -> str:
    kept = settings()
    return render_template(
        "sign_in.html",
        errors=errors,
        email=request.form.get("email", ""),
        openid=openid.is_set_up(kept) and "openid.begin" in current_app.view_functions,
        local=local_accounts_open(kept) and (not kept.dev_sign_in or kept.local_accounts == "1"),
        development=bool(kept.dev_sign_in),
    )


def _claim(token: str) -> bool:
    """Whether the link had not been used. One atomic step in Redis, so of two visits at once one gets in; the token
    itself is not stored, only what it hashes to."""
    digest = hashlib.sha256(token.encode()).hexdigest()[:32]
    return bool(connection().set(f"{settings().key_prefix}:web:sign-in:{digest}", b"used", nx=True, ex=CLAIM_LIFE))
