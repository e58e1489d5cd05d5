"""The web process in the test's own process, with a real Redis; and people of each role."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import redis as redis_py
from flask import Flask
from flask.testing import FlaskClient

from rqclock.web import create_app
from tests.support.server import Server

ORIGIN = "http://localhost"
TOKEN = "a-token-of-one-start"
ROLES = ("viewer", "support", "admin")
As = Callable[[str | None], FlaskClient]


@pytest.fixture
def environ(redis_server: Server) -> dict[str, str]:
    return {"REDIS_URL": redis_server.url, "RQCLOCK_SECRET_KEY": "for tests", "RQCLOCK_DEV_SIGN_IN": TOKEN}


@pytest.fixture
def app(redis: redis_py.Redis, environ: dict[str, str]) -> Flask:
    return create_app(environ)


@pytest.fixture
def as_(app: Flask) -> As:
    """`as_("support")` is the browser of a person with that role, `as_("")` of one without, `as_(None)` a visitor's."""

    def browser(role: str | None) -> FlaskClient:
        client = app.test_client()
        if role is not None:
            with client.session_transaction() as session:
                roles = [role] if role else []
                session.update(id="x", email=f"{role or 'nobody'}@example.org", roles=roles, since=time.time())
        return client

    return browser
