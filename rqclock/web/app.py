"""The application factory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta

import rq.defaults
from flask import Flask, Response
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from rqclock import sentry
from rqclock.connection import connect
from rqclock.errors import ConfigurationError
from rqclock.settings import Settings
from rqclock.web import (
    actions,
    activity,
    backfill,
    dashboard,
    door,
    faults,
    headers,
    job_actions,
    jobs,
    json_only,
    metrics,
    openid,
    origin,
    page,
    pause_all,
    schedules,
    sign_in,
    users,
    watching,
)
from rqclock.web.session import OwnCookie
from rqclock.web.state import State, keep


def create_app(environ: Mapping[str, str] | None = None) -> Flask:
    """The web process of `environ` (the process's own by default). Sends nothing to Redis yet.

    Raises ConfigurationError with one line when it cannot be started as it is.
    """
    settings = _checked(Settings.read(os.environ if environ is None else environ))
    sign_in.check(settings)
    app = _application(settings)
    _build(app)
    for part in (sign_in, openid):
        app.register_blueprint(part.blueprint)
    openid.install(app, settings)
    app.extensions["csrf"].exempt(dashboard.mount(app))
    metrics.install(app, settings)
    app.add_url_rule("/livez", "livez", lambda: Response("ok\n", content_type="text/plain"))
    _trust_proxies(app, count=settings.proxies)
    watching.start(settings)
    sentry.start("web")
    return app


def console(
    user_of: users.UserOf, *, environ: Mapping[str, str] | None = None, role_for: users.RoleFor | None = None
) -> Flask:
    """Our pages alone, as a WSGI application to be mounted under a prefix of another one, which signs people in.

    `user_of` gets the WSGI environment of a request and says who it is (None: a visitor, who gets 401); `role_for`
    says the person's role: viewer, support, admin, or None (default: from the person's `roles` and the settings).
    Raises ConfigurationError with one line when it cannot be started as it is.
    """
    settings = _checked(Settings.read(os.environ if environ is None else environ))
    app = _application(settings)
    app.config.update(USER_OF=user_of, SESSION_COOKIE_NAME="rqclock_console")
    if role_for is not None:
        app.config["ROLE_FOR"] = role_for
    _build(app)
    return app


def _application(settings: Settings) -> Flask:
    app = Flask("rqclock.web")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.session_hours),
        SESSION_COOKIE_NAME="rqclock_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,  # hours from sign-in, not from the last of a page's own requests
        WTF_CSRF_TIME_LIMIT=None,  # a token lives as long as its session
        MAX_CONTENT_LENGTH=256 * 1024,
        ROLE_FOR=users.role_function(settings),
        USER_OF=None,
    )
    json_only.install()
    app.session_interface = OwnCookie()
    keep(app, state=State(settings, connect(settings, "web")))
    return app


def _build(app: Flask) -> None:
    """The order is the point: the door first, then whence a POST comes, then its token, then the pages."""
    door.guard(app)
    origin.guard(app)
    CSRFProtect(app)
    headers.install(app)
    page.install(app)
    faults.install(app)
    for part in (schedules, actions, pause_all, backfill, jobs, job_actions, activity):
        app.register_blueprint(part.blueprint)


def _checked(settings: Settings) -> Settings:
    if not settings.secret_key:
        raise ConfigurationError("RQCLOCK_SECRET_KEY is not set: the web process needs it to sign its sessions")
    if settings.key_prefix != rq.defaults.RQ_KEY_PREFIX:
        raise ConfigurationError(
            f"RQ_KEY_PREFIX is {settings.key_prefix!r}, but RQ was loaded with {rq.defaults.RQ_KEY_PREFIX!r}: "
            "set it in the environment of the process"
        )
    return settings


def _trust_proxies(app: Flask, count: int) -> None:
    """Believe the X-Forwarded headers of as many proxies as stand in front; of none unless told, for anyone can
    send them."""
    if count:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=count, x_proto=count, x_host=count, x_prefix=count
        )
