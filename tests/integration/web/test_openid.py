"""Signing in through an OpenID provider: a real one in a process of its own, and one that lies."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener, urlopen

import pytest
import redis as redis_py
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from rqclock.web import create_app
from rqclock.web.claims import user_from
from tests.integration.web.test_schedules_page import text_of
from tests.support.forger import CLIENT, Forger, code, forging
from tests.support.ports import any_free
from tests.support.processes import Launch
from tests.support.server import Server
from tests.support.waiting import until

DONE = "/sign-in/openid/done"


@pytest.fixture(scope="module")
def forger() -> Iterator[Forger]:
    with forging() as provider:
        yield provider


def visitor(redis_server: Server, issuer: str, **settings: str) -> FlaskClient:
    environ = {"REDIS_URL": redis_server.url, "RQCLOCK_SECRET_KEY": "for tests"}
    environ |= {"RQCLOCK_OIDC_ISSUER": issuer, "RQCLOCK_OIDC_CLIENT_ID": CLIENT, "RQCLOCK_OIDC_CLIENT_SECRET": "s"}
    return create_app(environ | settings).test_client()


def begin(person: FlaskClient) -> dict[str, str]:
    """What the provider is asked."""
    answer = person.get("/sign-in/openid")
    assert answer.status_code == 302, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.location).query).items()}


def come_back(
    person: FlaskClient, asked: dict[str, str], claims: dict[str, Any] | None, alg: str = "RS256"
) -> TestResponse:
    return person.get(f"{DONE}?{urlencode({'state': asked['state'], 'code': code(claims, alg)})}")


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


def test_a_round_trip_through_a_real_provider(redis: redis_py.Redis, redis_server: Server, launch: Launch) -> None:
    port = any_free()
    claims = {"sub": "ann", "email": "ann@example.org", "roles": ["support", "something else"]}
    launch("oidc-provider-mock", "--port", str(port), "--require-nonce", "true", "--user-claims", json.dumps(claims))
    issuer = f"http://127.0.0.1:{port}"
    until(lambda: _answers(issuer), timeout=60, what="the provider")
    person = visitor(redis_server, issuer)
    assert person.get("/activity").location == "/sign-in?next=/activity"
    assert 'href="/sign-in/openid"' in person.get("/sign-in?next=/activity").text
    there = person.get("/sign-in/openid").location
    with pytest.raises(HTTPError) as sent_back:
        build_opener(_Stay).open(Request(there, data=b"sub=ann"), timeout=60)
    back = urlsplit(sent_back.value.headers["Location"])
    answer = person.get(f"{back.path}?{back.query}")
    assert answer.status_code == 302 and answer.location == "/activity"
    page = text_of(person.get("/activity").text), person.get("/activity").text
    assert "ann@example.org" in page[1] and "support" in page[1]


def _answers(issuer: str) -> bool:
    try:
        with urlopen(f"{issuer}/.well-known/openid-configuration", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_an_honest_token_signs_in_once(redis: redis_py.Redis, redis_server: Server, forger: Forger) -> None:
    person = visitor(redis_server, forger.address)
    asked = begin(person)
    assert asked["code_challenge_method"] == "S256" and asked["redirect_uri"] == f"http://localhost{DONE}"
    honest = forger.claims(asked["nonce"])
    assert come_back(person, asked, honest).status_code == 302
    assert person.get("/").status_code == 200
    assert come_back(person, asked, honest).status_code == 403  # the question was answered already


@pytest.mark.parametrize(
    ("alg", "changes"),
    [
        ("RS256", {"nonce": "another"}),
        ("RS256", {"nonce": None}),
        ("RS256", {"exp": int(time.time()) - 600}),
        ("RS256", {"exp": None}),
        ("RS256", {"aud": "another application"}),
        ("RS256", {"aud": None}),
        ("RS256", {"iss": "https://evil.example"}),
        ("RS256", {"iss": None}),
        ("RS256", {"sub": None}),
        ("none", {}),
        ("HS256", {}),
        ("strange", {}),
    ],
)
def test_a_token_that_cannot_be_trusted_opens_nothing(
    redis: redis_py.Redis, redis_server: Server, forger: Forger, alg: str, changes: dict[str, Any]
) -> None:
    person = visitor(redis_server, forger.address)
    asked = begin(person)
    answer = come_back(person, asked, forger.claims(asked["nonce"], **changes), alg)
    assert answer.status_code == 403 and "<title>Error: The sign-in did not work" in answer.text
    assert person.get("/").status_code == 302


def test_an_answer_without_a_token_opens_nothing(redis: redis_py.Redis, redis_server: Server, forger: Forger) -> None:
    person = visitor(redis_server, forger.address)
    assert come_back(person, begin(person), None).status_code == 403
    assert person.get("/").status_code == 302


def test_an_answer_that_nobody_asked_for_opens_nothing(
    redis: redis_py.Redis, redis_server: Server, forger: Forger
) -> None:
    """Else somebody could sign a person in under a name of their own, and read what is then typed."""
    asked = begin(visitor(redis_server, forger.address))
    other = visitor(redis_server, forger.address)
    assert come_back(other, asked, forger.claims(asked["nonce"])).status_code == 403
    assert come_back(other, {"state": ""}, forger.claims("x")).status_code == 403
    assert other.get(f"{DONE}?error=access_denied").status_code == 403
    assert other.get("/").status_code == 302


def test_sign_ins_that_were_never_finished_do_not_fill_the_cookie(
    redis: redis_py.Redis, redis_server: Server, forger: Forger
) -> None:
    person = visitor(redis_server, forger.address)
    questions = [begin(person) for _ in range(12)]
    with person.session_transaction() as session:
        assert sum(name.startswith("_state_") for name in session) <= 4
    assert come_back(person, questions[-1], forger.claims(questions[-1]["nonce"])).status_code == 302


def test_a_provider_that_calls_itself_otherwise_is_not_believed(
    redis: redis_py.Redis, redis_server: Server, forger: Forger
) -> None:
    person = visitor(redis_server, forger.address.replace("127.0.0.1", "localhost"))
    assert person.get("/sign-in/openid").status_code == 502


def test_a_provider_that_does_not_answer_is_a_plain_page(redis: redis_py.Redis, redis_server: Server) -> None:
    answer = visitor(redis_server, f"http://127.0.0.1:{any_free()}").get("/sign-in/openid")
    assert answer.status_code == 502 and "does not answer" in answer.text


def test_without_a_provider_its_addresses_lead_nowhere(redis: redis_py.Redis, redis_server: Server) -> None:
    person = create_app({"REDIS_URL": redis_server.url, "RQCLOCK_SECRET_KEY": "x"}).test_client()
    assert person.get("/sign-in/openid").status_code == 404 and person.get(DONE).status_code == 404


@pytest.mark.parametrize(
    ("settings", "claims", "role"),
    [
        ({}, {"roles": ["admin"]}, "admin"),
        ({}, {"roles": "viewer other"}, "viewer"),
        ({}, {"roles": ["Clock.Admins"]}, None),
        ({"RQCLOCK_ADMINS": "Clock.Admins"}, {"roles": ["clock.admins"]}, "admin"),
        ({"RQCLOCK_ROLES_CLAIM": "realm_access.roles"}, {"realm_access": {"roles": ["support"]}}, "support"),
        ({"RQCLOCK_ROLES_CLAIM": "https://x.y/roles"}, {"https://x.y/roles": ["support"]}, "support"),
        ({"RQCLOCK_SUPPORT": "ben@example.org, Ann@Example.org"}, {"roles": []}, "support"),
        ({"RQCLOCK_SUPPORT": "ann@example.org"}, {"roles": [], "email_verified": False}, None),
        ({"RQCLOCK_ROLE_FOR": "tests.integration.web.roles.by_domain"}, {"roles": []}, "viewer"),
    ],
)
def test_roles_come_from_a_claim_a_list_or_a_function(
    redis: redis_py.Redis,
    redis_server: Server,
    forger: Forger,
    settings: dict[str, str],
    claims: dict[str, Any],
    role: str | None,
) -> None:
    person = visitor(redis_server, forger.address, **settings)
    asked = begin(person)
    come_back(person, asked, forger.claims(asked["nonce"], **claims))
    answer = person.get("/")
    assert answer.status_code == (200 if role else 403)
    assert role is None or f'<span class="bar-role">{role}</span>' in answer.text


def test_what_only_the_user_info_says_is_asked_for(redis: redis_py.Redis, redis_server: Server, forger: Forger) -> None:
    person = visitor(redis_server, forger.address)
    asked = begin(person)
    forger.userinfo = {"sub": "ann", "email": "ann@example.org", "roles": ["admin"]}
    come_back(person, asked, forger.claims(asked["nonce"], email=None, roles=None))
    assert "admin" in person.get("/").text
    forger.userinfo = {"sub": "somebody else", "email": "x@example.org", "roles": ["admin"]}
    other = visitor(redis_server, forger.address)
    asked = begin(other)
    assert come_back(other, asked, forger.claims(asked["nonce"], email=None)).status_code == 403


def test_a_sign_in_through_a_provider_never_forwards_to_another_site(
    redis: redis_py.Redis, redis_server: Server, forger: Forger
) -> None:
    person = visitor(redis_server, forger.address)
    person.get("/sign-in?next=//evil.example")
    asked = begin(person)
    assert come_back(person, asked, forger.claims(asked["nonce"])).location == "/"


def test_an_address_that_is_not_verified_fits_no_list() -> None:
    assert (
        user_from({"email": "a@b.c", "email_verified": False}, roles_claim="r").email == "a@b.c (address not verified)"
    )
    assert user_from({"preferred_username": "a@b.c"}, roles_claim="r").email == "a@b.c (address not verified)"
    assert user_from({"email": "A@b.c"}, roles_claim="r").email == "a@b.c"
