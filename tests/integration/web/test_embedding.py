"""Our pages under a prefix of an application that signs people in itself: Flask's and Django's."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import pytest
import redis as redis_py
from flask import Flask, session
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client, TestResponse

from rqclock import Clock
from rqclock.acts.activity import read
from rqclock.web import User, console
from tests.integration.web import chores
from tests.integration.web.pressing import hidden
from tests.integration.web.timetables import Led
from tests.support.server import Server

HERE = {"Origin": "http://localhost"}
PEOPLE = {"ann": "support", "bob": "viewer", "eve": None}


@pytest.fixture
def led(redis: redis_py.Redis) -> Led:
    clock = Clock(timezone="Europe/London")
    clock.every("10 minutes", name="sweeping").enqueue(chores.sweep)
    return Led(redis, clock, began=int(time.time()) - 3600)


def role_of(user: User) -> str | None:
    return PEOPLE.get(user.email)


def environ(redis_server: Server) -> dict[str, str]:
    return {"REDIS_URL": redis_server.url, "RQCLOCK_SECRET_KEY": "for tests", "RQCLOCK_SERVICE": "Apply"}


def flask_host(redis_server: Server) -> Client:
    """A Flask application that keeps the person in its own session."""
    host = Flask("host")
    host.secret_key = "the host's own"

    @host.get("/enter/<name>")
    def enter(name: str) -> str:
        session["name"] = name
        return f"hello {name}"

    def user_of(environ: Mapping[str, Any]) -> User | None:
        with host.request_context(dict(environ)):
            return User(session["name"]) if "name" in session else None

    pages = console(user_of, environ=environ(redis_server), role_for=role_of)
    host.wsgi_app = DispatcherMiddleware(host.wsgi_app, {"/clock": pages})  # type: ignore[method-assign]
    return Client(host)


def django_host(redis_server: Server) -> Client:
    """A Django project with its own accounts, kept in a cookie's session."""
    from django.conf import settings
    from django.contrib.auth import SESSION_KEY
    from django.core.handlers.wsgi import WSGIRequest
    from django.core.wsgi import get_wsgi_application

    if not settings.configured:
        settings.configure(
            SECRET_KEY="the host's own",
            ROOT_URLCONF="tests.integration.web.django_host",
            SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
            MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
            ALLOWED_HOSTS=["*"],
            INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"],
        )
    sessions = import_module(settings.SESSION_ENGINE)

    def user_of(environ: Mapping[str, Any]) -> User | None:
        cookies = WSGIRequest(dict(environ)).COOKIES
        name = sessions.SessionStore(cookies.get(settings.SESSION_COOKIE_NAME)).get(SESSION_KEY)
        return User(str(name)) if name else None

    pages = console(user_of, environ=environ(redis_server), role_for=role_of)
    return Client(DispatcherMiddleware(get_wsgi_application(), {"/clock": pages}))


HOSTS = {"flask": flask_host, "django": django_host}


@pytest.fixture(params=HOSTS)
def host(request: pytest.FixtureRequest, led: Led, redis_server: Server) -> Client:
    return HOSTS[request.param](redis_server)


def page(answer: TestResponse) -> str:
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_hosts_own_person_sees_the_pages_under_the_prefix(host: Client) -> None:
    assert "hello bob" in page(host.get("/enter/bob"))
    html = page(host.get("/clock/"))
    assert "sweeping" in html and 'bar-role">viewer' in html
    links = re.findall(r'(?:href|src|action|data-live)="(/[^"]*)"', html)
    assert links and all(link.startswith("/clock/") for link in links)
    for link in links:
        assert host.get(link.replace("&amp;", "&")).status_code == 200, link


def test_a_visitor_of_the_host_gets_in_nowhere(host: Client) -> None:
    for path in ("/clock/", "/clock/jobs", "/clock/activity.csv"):
        answer = host.get(path)
        assert answer.status_code == 401 and "Sign in to the application around this page first" in answer.text
    assert host.post("/clock/run-now/default/sweeping", headers=HERE).status_code == 401


def test_a_person_whom_the_hook_gives_no_role_gets_a_plain_page(host: Client) -> None:
    host.get("/enter/eve")
    answer = host.get("/clock/")
    assert answer.status_code == 403 and "has no role here" in answer.text


def test_rq_dashboard_and_our_sign_in_are_not_there(host: Client) -> None:
    host.get("/enter/ann")
    html = page(host.get("/clock/"))
    assert "Sign out" not in html and ">Queues<" not in html
    for path in ("/clock/rq/", "/clock/sign-in", "/clock/sign-in/dev", "/clock/livez"):
        assert host.get(path).status_code == 404


def test_what_the_person_does_is_done_once_and_under_their_name(host: Client, led: Led, redis: redis_py.Redis) -> None:
    host.get("/enter/ann")
    path = "/clock/pause/default/sweeping"
    fields = hidden(page(host.get(path))) | {"reason": "the register is down"}
    for _ in range(2):
        answer = host.post(path, data=fields, headers=HERE)
        assert answer.status_code == 302 and answer.location == "/clock/schedules/default/sweeping"
    assert "Paused sweeping" in page(host.get(answer.location))
    assert [(act.what, act.who) for act in read(redis, led.keys)] == [("paused", "ann")]


def test_the_hosts_own_pages_and_session_are_left_alone(host: Client) -> None:
    host.get("/enter/ann")
    page(host.get("/clock/"))
    host.get("/enter/bob")
    assert 'bar-role">viewer' in page(host.get("/clock/"))
