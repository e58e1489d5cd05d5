"""What every answer tells the browser: run only our own scripts, frame nothing, keep nothing, leak no address."""

from __future__ import annotations

import secrets

from flask import Flask, Response, g, request

# Neither script nor style may stand in our pages: a name that slips out of its quotes then still runs nothing.
OUR_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
# rq-dashboard draws its tables with `new Function` and sets styles in its markup. Its one inline script is let in by
# a nonce, so that an `onerror=` in the name of a queue stays text even where a template forgets to escape it.
RQ_POLICY = OUR_POLICY | {
    "script-src": "'self' 'unsafe-eval' 'nonce-{nonce}'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
}
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def install(app: Flask) -> None:
    app.after_request(_add)
    app.jinja_env.globals["csp_nonce"] = csp_nonce


def csp_nonce() -> str:
    """The word that lets rq-dashboard's inline script run: another one for each answer."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def _add(response: Response) -> Response:
    for name, value in ALWAYS.items():
        response.headers[name] = value
    response.headers["Content-Security-Policy"] = _policy()
    is_file = request.endpoint in ("static", "rq_dashboard.static", "rq_dashboard.favicon")
    response.headers["Cache-Control"] = "no-cache" if is_file else "no-store"
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


def _policy() -> str:
    rules = RQ_POLICY if request.blueprint == "rq_dashboard" and "csp_nonce" in g else OUR_POLICY
    return "; ".join(f"{name} {value}" for name, value in rules.items()).replace("{nonce}", g.get("csp_nonce", ""))
