"""Where a POST comes from. rq-dashboard's script sends no token, so there the origin alone has to say it."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, abort, request


def guard(app: Flask) -> None:
    """Refuse what another site sends, and at /rq also what does not say from where it comes."""
    app.before_request(_check)


def _check() -> None:
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    sender = _sender()
    own = request.host_url.rstrip("/")
    if sender is None and request.blueprint == "rq_dashboard":
        abort(403, "The request does not say which page sent it.")
    if sender is not None and sender != own:
        abort(403, f"The request comes from {sender}, and this is {own}. Behind a proxy, set RQCLOCK_PROXIES.")
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        abort(403, "The request was sent by another site.")


def _sender() -> str | None:
    """Scheme and host of the page that sent this, as the browser says; `null` counts as a stranger."""
    origin = request.headers.get("Origin")
    if origin is not None:
        return origin
    referrer = request.headers.get("Referer")
    if referrer is None:
        return None
    parts = urlsplit(referrer)
    return f"{parts.scheme}://{parts.netloc}"
