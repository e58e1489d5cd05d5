from __future__ import annotations

import os

import flask_app  # type: ignore[import-not-found]
from flask import current_app
from sqlalchemy import text

from rqclock import job


@job()
def greet() -> str:
    greeting: str = current_app.config["GREETING"]
    return greeting


@job()
def backend() -> list[int]:
    return [os.getpid(), flask_app.session.execute(text("SELECT pg_backend_pid()")).scalar_one()]


@job()
def broken() -> None:
    """Leaves its session in a failed transaction."""
    flask_app.session.execute(text("SELECT nothing FROM nowhere"))
