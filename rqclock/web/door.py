"""The door: which role each endpoint needs. What stands in no list is closed, also when a new version brings it."""

from __future__ import annotations

import time
from urllib.parse import quote, urlsplit

from flask import Flask, abort, current_app, g, redirect, request, url_for
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wrappers import Response

from rqclock.web.users import current_role, current_user, may

ANYONE = "anyone"
SIGNED_IN = "signed in"

OURS = {
    "livez": ANYONE,
    "metrics": ANYONE,  # it asks for a token of its own
    "static": ANYONE,
    "sign_in.page": ANYONE,
    "sign_in.local": ANYONE,
    "sign_in.development": ANYONE,
    "openid.begin": ANYONE,
    "openid.finish": ANYONE,
    "sign_in.leave": SIGNED_IN,
    "schedules.index": "viewer",
    "schedules.one": "viewer",
    "jobs.index": "viewer",
    "jobs.one": "viewer",
    "jobs.arguments": "support",
    "job_actions.requeue": "support",
    "job_actions.requeue_all": "support",
    "job_actions.cancel": "admin",
    "job_actions.discard": "admin",
    "job_actions.stop": "admin",
    "activity.index": "viewer",
    "activity.export": "viewer",
    "actions.run": "support",
    "actions.pause": "support",
    "actions.resume": "support",
    "actions.skip": "support",
    "actions.unskip": "support",
    "pause_all.pause": "admin",
    "pause_all.resume": "admin",
    "backfill.page": "admin",
}
RQ_DASHBOARD = {
    "rq_dashboard.static": "viewer",
    "rq_dashboard.favicon": "viewer",
    "rq_dashboard.queues_overview": "viewer",
    "rq_dashboard.list_queues": "viewer",
    "rq_dashboard.workers_overview": "viewer",
    "rq_dashboard.list_workers": "viewer",
    "rq_dashboard.jobs_overview": "viewer",
    "rq_dashboard.list_jobs": "viewer",
    "rq_dashboard.job_view": "viewer",
    # rq_dashboard.job_info is closed: it fed the job page that ours replaces
    "rq_dashboard.requeue_job_view": "support",
    "rq_dashboard.requeue_all": "support",
    "rq_dashboard.compact_queue": "support",
    "rq_dashboard.delete_job_view": "admin",
    "rq_dashboard.empty_queue": "admin",
}
ENDPOINTS = OURS | RQ_DASHBOARD
# These change something. rq-dashboard takes one of them also as GET, which any link or image could send.
RQ_ACTIONS = frozenset(name for name, needed in RQ_DASHBOARD.items() if needed != "viewer")
MOST_JOBS_A_PAGE = 200


def guard(app: Flask) -> None:
    """Put the door in front of everything. It must be the first before_request of the whole application: a
    blueprint's own hooks run later, but rq-dashboard's would otherwise act for a visitor who is then sent away."""
    app.before_request(_check)


def allowed(endpoint: str) -> bool:
    """Whether the person of this request may use `endpoint` (for links and buttons)."""
    needed = ENDPOINTS.get(endpoint) if endpoint in current_app.view_functions else None
    return needed in (ANYONE, SIGNED_IN) or (needed is not None and may(g.role, needed=needed))


def _check() -> Response | None:
    g.user = current_user(now=time.time())
    g.role = current_role(g.user)
    endpoint = request.endpoint
    if endpoint and ENDPOINTS.get(endpoint) == ANYONE:
        return None
    if g.user is None:
        return _ask_to_sign_in()
    if endpoint is None and g.role:  # an address that does not exist, or not with this method: Flask answers
        return None
    if endpoint is None or not allowed(endpoint):
        abort(403)
    _check_rq_dashboard(endpoint)
    return None


def _check_rq_dashboard(endpoint: str) -> None:
    if endpoint not in RQ_DASHBOARD:
        return
    values = request.view_args or {}
    if values.get("instance_number", 0) != 0:
        abort(404)  # it is given one Redis; a number could only make it look for another
    if not _is_page_size(values.get("per_page", 1)) or not _is_page_size(values.get("page", 1), most=10**9):
        abort(404)
    if endpoint == "rq_dashboard.empty_queue" and values.get("registry_name") == "started":
        abort(409, "Jobs that are running cannot be thrown away.")
    if endpoint in RQ_ACTIONS and request.method != "POST":
        raise MethodNotAllowed(["POST"])


def _is_page_size(value: object, *, most: int = MOST_JOBS_A_PAGE) -> bool:
    return str(value).isdecimal() and 1 <= int(str(value)) <= most


def _ask_to_sign_in() -> Response:
    """A person is sent to the sign-in page and back; a script gets a plain 401, which no page can take for data."""
    by_script = request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate" or "X-Requested-With" in request.headers
    if by_script or request.method not in ("GET", "HEAD"):
        return Response("Sign in first.\n", 401, content_type="text/plain")
    if "sign_in.page" not in current_app.view_functions:
        abort(401, "Sign in to the application around this page first.")
    asked_for = quote(request.script_root + request.path)
    if request.query_string:
        asked_for += f"?{request.query_string.decode('ascii', 'ignore')}"
    return redirect(url_for("sign_in.page", next=asked_for if asked_for != "/" else None))


def own_path(text: str | None) -> str | None:
    """`text` when it is a path of this site, else None: a sign-in must not forward people to someone else's page."""
    if not text or not text.startswith("/") or text.startswith(("//", "/\\")):
        return None
    if any(ord(letter) <= 32 or letter in "\\\x7f" for letter in text):
        return None
    parts = urlsplit(text)
    return None if parts.scheme or parts.netloc else text
