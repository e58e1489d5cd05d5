"""/metrics of the web process: for whoever has the token, and nothing else with it."""

from __future__ import annotations

import pytest
import redis as redis_py

from rqclock.web import create_app
from tests.support.scraping import Scrape

TOKEN = "s3cret-für-Prometheus"


@pytest.fixture
def with_token(environ: dict[str, str]) -> dict[str, str]:
    return environ | {"RQCLOCK_METRICS_TOKEN": TOKEN}


def shown(token: str, scheme: str = "Bearer") -> dict[str, str]:
    """The header as a client sends it: bytes that WSGI hands over as Latin-1."""
    return {"Authorization": f"{scheme} {token}".encode().decode("latin-1")}


def test_without_a_token_in_the_settings_there_is_no_such_page(redis: redis_py.Redis, environ: dict[str, str]) -> None:
    client = create_app(environ).test_client()
    assert [client.get("/metrics", headers=headers).status_code for headers in ({}, shown(""), shown("x"))] == [404] * 3


def test_the_right_token_is_answered_with_what_prometheus_reads(redis: redis_py.Redis, environ: dict[str, str]) -> None:
    client = create_app(environ | {"RQCLOCK_METRICS_TOKEN": "abc"}).test_client()
    answer = client.get("/metrics", headers=shown("abc"))
    assert answer.status_code == 200 and answer.content_type.startswith("text/plain; version=0.0.4")
    assert Scrape(answer.text).value("rqclock_up") == 1
    assert "Set-Cookie" not in answer.headers and answer.headers["Cache-Control"] == "no-store"
    assert client.get("/metrics", headers=shown("abc", scheme="bearer")).status_code == 200
    modern = client.get("/metrics", headers=shown("abc") | {"Accept": "application/openmetrics-text;version=1.0.0"})
    assert modern.content_type.startswith("application/openmetrics-text") and modern.text.endswith("# EOF\n")


def test_a_wrong_token_is_refused_and_learns_nothing(redis: redis_py.Redis, with_token: dict[str, str]) -> None:
    client = create_app(with_token).test_client()
    wrong = [
        {},
        shown(""),
        shown("x"),
        shown(TOKEN + "x"),
        shown(TOKEN[:-1]),
        shown(TOKEN, scheme="Basic"),
        shown("\xff"),
    ]
    answers = [client.get("/metrics", headers=headers) for headers in wrong]
    assert [answer.status_code for answer in answers] == [401] * len(wrong)
    assert all("rqclock_up" not in answer.text and TOKEN not in answer.text for answer in answers)
    assert answers[0].headers["WWW-Authenticate"] == 'Bearer realm="metrics"'


def test_a_token_may_be_any_text(redis: redis_py.Redis, with_token: dict[str, str]) -> None:
    assert create_app(with_token).test_client().get("/metrics", headers=shown(TOKEN)).status_code == 200


def test_the_token_opens_nothing_else(redis: redis_py.Redis, with_token: dict[str, str]) -> None:
    client = create_app(with_token).test_client()
    for path in ("/", "/activity", "/jobs", "/rq/", "/metrics/", "/metrics/x"):
        assert client.get(path, headers=shown(TOKEN)).status_code in (302, 404), path
        assert "rqclock_up" not in client.get(path, headers=shown(TOKEN)).text, path
    assert client.post("/metrics", headers=shown(TOKEN)).status_code in (401, 405)


def test_a_person_without_the_token_is_refused_too(redis: redis_py.Redis, with_token: dict[str, str]) -> None:
    client = create_app(with_token).test_client()
    with client.session_transaction() as session:
        session.update(id="x", email="admin@example.org", roles=["admin"], since=9e9)
    assert client.get("/metrics").status_code == 401


def test_a_redis_that_is_away_is_a_figure_and_no_error(with_token: dict[str, str]) -> None:
    client = create_app(with_token | {"REDIS_URL": "redis://127.0.0.1:1/0"}).test_client()
    answer = client.get("/metrics", headers=shown(TOKEN))
    assert (answer.status_code, Scrape(answer.text).value("rqclock_up")) == (200, 0)
