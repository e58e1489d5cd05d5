from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
import redis as redis_py
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from rqclock.web import create_app
from tests.integration.web.conftest import ORIGIN, TOKEN, As
from tests.support.server import Server

LINK = f"/sign-in/dev?token={TOKEN}"


def csrf_token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


def session_cookie(answer: TestResponse) -> str:
    return next(line for line in answer.headers.getlist("Set-Cookie") if line.startswith("rqclock_session="))


def test_a_visitor_is_sent_to_sign_in_and_comes_back_to_the_page_asked_for(as_: As) -> None:
    visitor = as_(None)
    away = visitor.get("/schedules/default/morning%20post?x=1")
    assert away.status_code == 302 and away.location.startswith("/sign-in?next=")
    assert "It works once" in visitor.get(away.location).text
    back = visitor.get(LINK)
    assert back.status_code == 302 and back.location == "/schedules/default/morning%20post?x=1"


def test_the_development_link_signs_in_as_an_admin(as_: As) -> None:
    visitor = as_(None)
    assert visitor.get(LINK).status_code == 302
    page = visitor.get("/")
    assert page.status_code == 200 and "dev@localhost" in page.text and "admin" in page.text


def test_the_link_opens_once_and_then_says_so(as_: As) -> None:
    as_(None).get(LINK)
    second = as_(None)
    answer = second.get(LINK)
    assert answer.status_code == 403 and "This sign-in link has been used already" in answer.text
    assert second.get("/").status_code == 302


@pytest.mark.parametrize(("by_dev", "remedy"), [("1", "Stop <code>bin/dev</code>"), ("", "another value")])
def test_a_used_link_says_how_to_get_the_next_one(
    as_: As, by_dev: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RQCLOCK_DEVELOPMENT", by_dev)
    as_(None).get(LINK)
    page = as_(None).get(LINK).text
    assert remedy in page and ("bin/dev" in page) == bool(by_dev)


def test_of_many_visits_at_once_one_gets_in(app: Flask) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: app.test_client().get(LINK).status_code, range(16)))
    assert sorted(answers) == [302] + [403] * 15


def test_a_second_visit_by_the_same_browser_is_no_error(as_: As) -> None:
    """Browsers open links twice: once to look ahead, once for the person."""
    visitor = as_(None)
    visitor.get(LINK)
    assert visitor.get(LINK).status_code == 302


def test_a_preview_of_the_link_does_not_use_it_up(as_: As) -> None:
    as_(None).head(LINK)
    assert as_(None).get(LINK).status_code == 302


def test_a_wrong_token_is_refused_and_uses_nothing_up(as_: As) -> None:
    for wrong in ("", "x", TOKEN + "x", "ü", quote("\x00")):
        answer = as_(None).get(f"/sign-in/dev?token={wrong}")
        assert answer.status_code == 403 and "not the sign-in link of this start" in answer.text
    assert as_(None).get(LINK).status_code == 302


def test_the_token_is_not_stored(as_: As, redis: redis_py.Redis) -> None:
    as_(None).get(LINK)
    assert not any(TOKEN.encode() in key or TOKEN.encode() in (redis.dump(key) or b"") for key in redis.keys("*"))


def test_without_rqclock_dev_there_is_no_development_account(redis: redis_py.Redis, redis_server: Server) -> None:
    app = create_app({"REDIS_URL": redis_server.url, "RQCLOCK_SECRET_KEY": "for tests"})
    visitor = app.test_client()
    for path in ("/sign-in/dev", "/sign-in/dev?token=", LINK):
        assert visitor.get(path).status_code == 404
    page = visitor.get("/sign-in")
    assert page.status_code == 200 and "No way to sign in is set up" in page.text


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_a_sign_in_never_forwards_to_another_site(as_: As, elsewhere: str) -> None:
    visitor = as_(None)
    visitor.get("/sign-in", query_string={"next": elsewhere})
    assert visitor.get(LINK).location == "/"
    assert visitor.get("/sign-in", query_string={"next": elsewhere}).location == "/"


@pytest.mark.fault("42", "a session fixed before the sign-in")
def test_signing_in_begins_a_new_session(app: Flask) -> None:
    """Else a cookie that was planted before the sign-in would be signed in with it."""
    visitor = app.test_client()
    with visitor.session_transaction() as session:
        session["id"] = "planted"
        session["anything"] = "else"
    visitor.get(LINK)
    with visitor.session_transaction() as session:
        assert session["id"] != "planted" and "anything" not in session


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(as_: As) -> None:
    cookie = session_cookie(as_(None).get(LINK))
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Secure" not in cookie
    over_tls = as_(None).get("/sign-in", base_url="https://localhost")
    assert "Secure" in session_cookie(over_tls)


@pytest.mark.fault("42", "a session that is kept busy")
def test_a_session_ends_after_eight_hours_however_busy(as_: As) -> None:
    for age, status in ((8 * 3600 - 60, 200), (8 * 3600, 302), (-60, 302)):
        client = as_("admin")
        with client.session_transaction() as session:
            session["since"] = time.time() - age
        assert client.get("/").status_code == status
        assert "Set-Cookie" not in client.get("/livez").headers


def test_a_forged_cookie_is_a_visitors(as_: As, app: Flask) -> None:
    stolen = app.test_client()
    stolen.set_cookie("rqclock_session", "eyJlbWFpbCI6ImFkbWluIn0.Zx.forged")
    assert stolen.get("/").status_code == 302


def test_signing_out_takes_a_post_with_the_pages_token(as_: As) -> None:
    admin = as_("admin")
    token = csrf_token(admin.get("/").text)
    assert admin.get("/sign-out").status_code == 405
    assert admin.post("/sign-out", headers={"Origin": ORIGIN}).status_code == 400
    assert admin.get("/").status_code == 200
    assert (
        admin.post("/sign-out", data={"csrf_token": token}, headers={"Origin": "https://evil.example"}).status_code
        == 403
    )
    assert admin.get("/").status_code == 200
    assert admin.post("/sign-out", data={"csrf_token": token}, headers={"Origin": ORIGIN}).status_code == 302
    assert admin.get("/").status_code == 302


def test_a_person_without_a_role_gets_a_plain_page(as_: As) -> None:
    answer = as_("").get("/")
    assert answer.status_code == 403
    assert "nobody@example.org" in answer.text and "has no role here" in answer.text


def test_another_function_may_say_who_has_which_role(app: Flask, as_: As) -> None:
    app.config["ROLE_FOR"] = lambda user: "viewer" if user.email == "nobody@example.org" else None
    assert as_("").get("/").status_code == 200
    assert as_("admin").get("/").status_code == 403


def test_a_role_that_is_none_of_ours_opens_nothing(app: Flask, as_: As) -> None:
    app.config["ROLE_FOR"] = lambda user: "superuser"
    assert as_("admin").get("/").status_code == 403


def test_a_script_of_a_signed_out_page_gets_401_not_the_sign_in_page(as_: As) -> None:
    visitor: FlaskClient = as_(None)
    assert visitor.get("/?live=1", headers={"Sec-Fetch-Mode": "cors"}).status_code == 401
    assert visitor.get("/rq/0/data/queues.json", headers={"X-Requested-With": "XMLHttpRequest"}).status_code == 401
    assert visitor.post("/sign-out").status_code == 401
