from __future__ import annotations

import re

import pytest
import redis as redis_py

from rqclock.web import create_app
from tests.integration.web.conftest import As
from tests.support.server import Server

PAGES = ["/", "/sign-in", "/nowhere", "/rq/0/view/job/none", "/?live=1"]
THEIRS = ["/rq/", "/rq/0/view/jobs", "/rq/0/view/workers"]


def policy(answer_headers: object) -> dict[str, str]:
    text = dict(answer_headers)["Content-Security-Policy"]  # type: ignore[call-overload]
    return dict(part.strip().split(" ", 1) for part in text.split(";"))


@pytest.mark.fault("41", "a frame around each page")
@pytest.mark.parametrize("path", PAGES + THEIRS)
def test_no_page_may_be_framed_sniffed_or_kept(as_: As, path: str) -> None:
    headers = as_("admin").get(path).headers
    assert policy(headers)["frame-ancestors"] == "'none'" and headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", PAGES)
def test_our_pages_run_and_style_nothing_that_stands_in_them(as_: As, path: str) -> None:
    answer = as_("admin").get(path)
    rules = policy(answer.headers)
    assert rules["default-src"] == "'none'" and rules["script-src"] == "'self'" and rules["style-src"] == "'self'"
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", answer.text)


@pytest.mark.parametrize("path", THEIRS)
def test_their_pages_run_one_script_of_their_own_and_none_that_slips_in(as_: As, path: str) -> None:
    first, second = as_("admin").get(path), as_("admin").get(path)
    rule = policy(first.headers)["script-src"]
    assert "'unsafe-inline'" not in rule
    nonce = re.search(r"'nonce-([^']+)'", rule)
    assert nonce and first.text.count(f'nonce="{nonce[1]}"') == 1
    assert nonce[1] not in second.text


def test_files_may_be_kept_but_are_asked_for_again(as_: As) -> None:
    answer = as_(None).get("/static/app.css")
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-cache"
    again = as_(None).get("/static/app.css", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_over_tls_the_browser_is_told_to_stay_there(as_: As) -> None:
    assert "Strict-Transport-Security" not in as_("admin").get("/").headers
    assert "Strict-Transport-Security" in as_("admin").get("/", base_url="https://localhost").headers


def test_a_probe_needs_no_sign_in_and_no_redis(as_: As) -> None:
    answer = as_(None).get("/livez")
    assert answer.status_code == 200 and answer.text == "ok\n" and "Set-Cookie" not in answer.headers


def test_proxies_are_believed_only_when_told(environ: dict[str, str]) -> None:
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "clock.example.org"}
    plain = create_app(environ).test_client().get("/livez", headers=forwarded)
    behind = create_app(environ | {"RQCLOCK_PROXIES": "1"}).test_client().get("/livez", headers=forwarded)
    assert "Strict-Transport-Security" not in plain.headers
    assert "Strict-Transport-Security" in behind.headers


def test_what_redis_refuses_is_said_in_its_own_words(as_: As, redis: redis_py.Redis) -> None:
    redis.set("rq:queues", "not a set")
    answer = as_("viewer").get("/rq/0/data/queues.json")
    assert answer.status_code == 502 and "Redis refused this" in answer.text and "WRONGTYPE" in answer.text


def test_a_database_that_redis_does_not_have_is_one_line_of_the_log(
    environ: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(environ | {"REDIS_URL": environ["REDIS_URL"].replace("/0", "/9999"), "RQCLOCK_DEV_SIGN_IN": "x"})
    assert app.test_client().get("/sign-in/dev?token=x").status_code == 502
    [line] = caplog.messages
    assert "/9999 has no database of this number" in line and line.endswith("end REDIS_URL with /0")


def test_when_redis_is_gone_every_page_says_so_plainly(as_: As, tmp_path_factory: pytest.TempPathFactory) -> None:
    server = Server(tmp_path_factory.mktemp("redis-gone")).start()
    app = create_app({"REDIS_URL": server.url, "RQCLOCK_SECRET_KEY": "for tests"})
    person = app.test_client()
    with person.session_transaction() as session, as_("viewer").session_transaction() as other:
        session.update(other)
    server.kill()
    for path in ("/", "/rq/0/view/jobs", "/rq/0/data/queues.json", "/rq/0/view/job/x", "/schedules/default/x"):
        answer = person.get(path)
        assert answer.status_code == 503 and "Redis does not answer" in answer.text, path
    assert person.get("/livez").status_code == 200
