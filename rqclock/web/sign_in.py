"""Signing in and out: through a provider, with a local account, or by the link that `rqclock dev` prints."""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import time

from flask import Blueprint, abort, current_app, g, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from rqclock.accounts import Accounts
from rqclock.errors import ConfigurationError
from rqclock.settings import Settings
from rqclock.settings.environments import dev_sign_in_forbidden, local_accounts_open
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


def check(settings: Settings) -> None:
    """Raises ConfigurationError where the link of development would open a production system."""
    if line := dev_sign_in_forbidden(settings):
        raise ConfigurationError(f"{line}; unset it, docs/console.md has the other ways to sign in")


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
        return _refused(used=False)
    if g.user is None and request.method == "GET" and not _claim(token):
        return _refused(used=True)
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
        by_dev=_by_dev(),
    )


def _refused(*, used: bool) -> tuple[str, int]:
    return render_template("sign_in_refused.html", used=used, by_dev=_by_dev()), 403


def _by_dev() -> bool:
    """Whether there is a terminal with `bin/dev` in it; else somebody has chosen the token, as for Compose."""
    return os.environ.get("RQCLOCK_DEVELOPMENT") == "1"


def _claim(token: str) -> bool:
    """Whether the link had not been used. One atomic step in Redis, so of two visits at once one gets in; the token
    itself is not stored, only what it hashes to."""
    digest = hashlib.sha256(token.encode()).hexdigest()[:32]
    return bool(connection().set(f"{settings().key_prefix}:web:sign-in:{digest}", b"used", nx=True, ex=CLAIM_LIFE))
