"""Errors as plain pages: what happened, and what to do. No trace of the inside, no dead end."""

from __future__ import annotations

import redis
from flask import Flask, current_app, render_template
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from werkzeug.exceptions import HTTPException

from rqclock.connection import explain
from rqclock.errors import RedisUnavailable
from rqclock.web.state import settings

TITLES = {
    400: "The request cannot be read",
    401: "Sign in first",
    403: "You may not do this",
    404: "There is no such page",
    405: "This address takes no such request",
    409: "This cannot be done now",
    413: "That is too much at once",
    500: "Something broke here",
    502: "Redis refused this",
    503: "Redis does not answer",
}
ADVICE = {
    400: "Go back, load the page again and try once more.",
    404: "Check the address, or begin at the schedules.",
    500: "What happened stands in the log of this process. Try again in a moment.",
}
Answer = tuple[str, int, list[tuple[str, str]]]


def install(app: Flask) -> None:
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(redis.RedisError, _unreachable)
    app.register_error_handler(redis.ResponseError, _refused)
    app.register_error_handler(RedisUnavailable, lambda error: _page(503, detail=str(error)))
    app.register_error_handler(NoSuchJobError, lambda error: _page(404, detail="This job is no longer in Redis."))
    app.register_error_handler(InvalidJobOperation, lambda error: _page(409, detail="The job has moved on meanwhile."))


def _http(error: HTTPException) -> Answer:
    code = error.code or 500
    is_own = error.description != type(error).description  # else Werkzeug's general sentence
    kept = [(name, value) for name, value in error.get_headers() if name == "Allow"]
    return _page(code, detail=error.description if is_own else ADVICE.get(code), kept=kept)


def _refused(error: redis.ResponseError) -> Answer:
    """Redis answers, and says no: out of memory, read-only, a key of another type, a command that it may not do."""
    if isinstance(error, redis.AuthenticationError) or str(error).startswith(("NOAUTH", "WRONGPASS")):
        return _unreachable(error)
    if "no such key" in str(error):  # RQ compacts a queue that is empty by then
        return _page(409, detail="There is nothing in it.")
    current_app.logger.error("%s", explain(error, settings()))
    return _page(502, detail=f"It said: {error}")


def _unreachable(error: redis.RedisError) -> Answer:
    current_app.logger.error("%s", explain(error, settings()))
    return _page(503, detail="Nothing can be shown until it does. What falls due meanwhile is decided when it is back.")


def _page(code: int, *, detail: str | None, kept: list[tuple[str, str]] | None = None) -> Answer:
    title = TITLES.get(code, "This did not work")
    return render_template("fault.html", code=code, title=title, detail=detail), code, kept or []
