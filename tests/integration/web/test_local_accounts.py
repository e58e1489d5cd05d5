from __future__ import annotations

import json
import time

import pytest
import redis as redis_py
from click.testing import CliRunner
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from rqclock.accounts import Accounts
from rqclock.acts.activity import By, read
from rqclock.cli.user import user_
from rqclock.errors import RqclockError
from rqclock.store.keys import Keys
from rqclock.store.replies import text
from rqclock.web import create_app
from tests.integration.web.pressing import HERE, hidden
from tests.support.server import Server

PASSWORD = "correct horse battery"
BOB = By("bob", where="cli on web-1")


@pytest.fixture
def accounts(redis: redis_py.Redis) -> Accounts:
    accounts = Accounts(redis, "rq")
    accounts.add("ann@example.org", "support", PASSWORD, by=BOB)
    return accounts


def visitor(redis_server: Server, **settings: str) -> FlaskClient:
    environ = {"REDIS_URL": redis_server.url, "RQCLOCK_SECRET_KEY": "for tests", "RQCLOCK_LOCAL_ACCOUNTS": "1"}
    return create_app(environ | settings).test_client()


def enter(person: FlaskClient, email: str = "ann@example.org", password: str = PASSWORD) -> TestResponse:
    token = hidden(person.get("/sign-in").text)["csrf_token"]
    return person.post("/sign-in", data={"csrf_token": token, "email": email, "password": password}, headers=HERE)


def test_an_account_signs_in_with_its_role_and_goes_where_it_wanted(accounts: Accounts, redis_server: Server) -> None:
    person = visitor(redis_server)
    person.get("/sign-in?next=/activity")
    token = hidden(person.get("/sign-in?next=/activity").text)["csrf_token"]
    fields = {"csrf_token": token, "email": "Ann@Example.org", "password": PASSWORD}
    answer = person.post("/sign-in", data=fields, headers=HERE)
    assert answer.status_code == 302 and answer.location == "/activity"
    assert "ann@example.org" in person.get("/").text and 'bar-role">support' in person.get("/").text


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(accounts: Accounts, redis_server: Server) -> None:
    pages = []
    for email, password in (
        ("ann@example.org", "wrong"),
        ("bob@example.org", PASSWORD),
        ("", ""),
        ("ann@example.org", "x" * 9000),
    ):
        answer = enter(visitor(redis_server), email, password)
        assert answer.status_code == 403 and "<title>Error: Sign in" in answer.text
        pages.append("There is no account with this address and password" in answer.text)
    assert pages == [True] * 4


HASHES = ["", "plain", "md4$salt$x", "scrypt:1:2$salt$x", "scrypt:3:1:1$salt$x", "pbkdf2:none:1$a$b"]
HASHES += [f"scrypt:{2**70}:8:1$salt$x", "pbkdf2:sha256:1$salt$é", "pbkdf2:sha256:1$salt$\ud800"]


@pytest.mark.parametrize(
    "kept",
    ["", "no JSON", "[1]", '{"role": "admin"}', *(json.dumps({"role": "admin", "hash": one}) for one in HASHES)],
)
def test_an_account_that_cannot_be_read_is_refused_as_a_wrong_password_is(
    redis: redis_py.Redis, redis_server: Server, kept: str
) -> None:
    redis.hset("rq:web:accounts", "ann@example.org", kept)
    answer = enter(visitor(redis_server))
    assert answer.status_code == 403
    assert "There is no account with this address and password" in answer.text


def test_a_session_ends_where_its_account_cannot_be_read_any_more(
    accounts: Accounts, redis: redis_py.Redis, redis_server: Server
) -> None:
    person = visitor(redis_server)
    enter(person)
    assert person.get("/").status_code == 200
    redis.hset("rq:web:accounts", "ann@example.org", "{}")
    assert person.get("/").status_code == 302


def test_passwords_are_kept_as_salted_hashes(accounts: Accounts, redis: redis_py.Redis) -> None:
    accounts.add("bob@example.org", "viewer", PASSWORD, by=BOB)
    kept = [text(value) for value in redis.hvals("rq:web:accounts")]
    assert (
        PASSWORD not in "".join(kept) and "scrypt" in kept[0] and kept[0].split("hash")[1] != kept[1].split("hash")[1]
    )


@pytest.mark.fault("42", "guessing one password")
def test_after_ten_tries_even_the_right_password_has_to_wait(
    accounts: Accounts, redis: redis_py.Redis, redis_server: Server
) -> None:
    person = visitor(redis_server)
    assert [enter(person, password="wrong").status_code for _ in range(10)] == [403] * 10
    answer = enter(visitor(redis_server))
    assert answer.status_code == 429 and "Too many tries" in answer.text
    [key] = redis.keys("rq:web:tries:address:*")
    assert 0 < redis.ttl(key) <= 15 * 60
    redis.delete(key)
    assert enter(person).status_code == 302


@pytest.mark.fault("42", "guessing many accounts")
def test_one_place_cannot_try_many_accounts(accounts: Accounts, redis: redis_py.Redis, redis_server: Server) -> None:
    person = visitor(redis_server)
    enter(person, password="wrong")
    [key] = redis.keys("rq:web:tries:place:*")
    redis.set(key, 50)
    assert enter(person, email="other@example.org").status_code == 429


@pytest.mark.parametrize("change", ["remove", "password", "role"])
def test_a_change_of_the_account_ends_its_sessions_at_once(
    accounts: Accounts, redis_server: Server, change: str
) -> None:
    person = visitor(redis_server)
    enter(person)
    assert person.get("/").status_code == 200
    if change == "password":
        accounts.change("ann@example.org", PASSWORD + "!", by=BOB)
    else:
        accounts.remove("ann@example.org", by=BOB)
    if change == "role":
        accounts.add("ann@example.org", "admin", PASSWORD, by=BOB)
    assert person.get("/").status_code == 302


@pytest.mark.parametrize(
    ("settings", "open_"),
    [
        ({"RQCLOCK_ENVIRONMENT": "production"}, False),
        ({"RQCLOCK_ENVIRONMENT": "Live"}, False),
        ({"RQCLOCK_ENVIRONMENT": "something"}, False),
        ({}, False),
        ({"RQCLOCK_ENVIRONMENT": "qa"}, True),
        ({"RQCLOCK_ENVIRONMENT": "production", "RQCLOCK_LOCAL_ACCOUNTS": "1"}, True),
        ({"RQCLOCK_ENVIRONMENT": "qa", "RQCLOCK_LOCAL_ACCOUNTS": "0"}, False),
    ],
)
def test_in_production_local_accounts_open_nothing_unless_told(
    accounts: Accounts, redis_server: Server, settings: dict[str, str], open_: bool
) -> None:
    person = create_app({"REDIS_URL": redis_server.url, "RQCLOCK_SECRET_KEY": "x"} | settings).test_client()
    assert ('name="password"' in person.get("/sign-in").text) == open_
    with person.session_transaction() as session:
        session["x"] = 1
    answer = person.post("/sign-in", data={"email": "ann@example.org", "password": PASSWORD}, headers=HERE)
    assert answer.status_code == 400  # no token of a page: refused before anything is looked at
    if open_:
        assert enter(person).status_code == 302


def test_a_session_lives_as_long_as_the_setting_says(accounts: Accounts, redis_server: Server) -> None:
    person = visitor(redis_server, RQCLOCK_SESSION_HOURS="1")
    enter(person)
    with person.session_transaction() as session:
        session["since"] = time.time() - 3601
    assert person.get("/").status_code == 302


def test_accounts_are_kept_from_a_terminal(redis: redis_py.Redis, redis_server: Server) -> None:
    def user(*words: str, typed: str = "") -> str:
        result = CliRunner(env={"REDIS_URL": redis_server.url}).invoke(user_, words, input=f"{typed}\n")
        return str(result.exception) if isinstance(result.exception, RqclockError) else result.output

    added = user("add", "Ann@example.org", "--role", "admin", "--stdin", typed=PASSWORD)
    assert "added ann@example.org as admin" in added
    assert "there is an account" in user("add", "ann@example.org", "--stdin", typed=PASSWORD)
    assert "12 to 1024 characters" in user("add", "bob@example.org", "--stdin", typed="short")
    assert user("list") == "ann@example.org  admin\n"
    assert "changed the password" in user("password", "ann@example.org", "--stdin", typed=PASSWORD + "2")
    assert Accounts(redis, "rq").check("ann@example.org", PASSWORD + "2")
    assert "there is no account" in user("remove", "bob@example.org")
    assert "removed" in user("remove", "ann@example.org") and user("list") == "no account yet\n"


def test_an_address_that_is_none_and_a_role_that_is_none_are_refused(redis: redis_py.Redis) -> None:
    accounts = Accounts(redis, "rq")
    for email, role in (("ann", "admin"), ("a@b,c@d", "admin"), ("ann@example.org", "boss")):
        with pytest.raises(RqclockError):
            accounts.add(email, role, PASSWORD, by=BOB)
    assert accounts.all() == []


def test_who_signs_in_stands_in_the_activity_and_who_fails_to_does_not(
    accounts: Accounts, redis_server: Server, redis: redis_py.Redis
) -> None:
    enter(visitor(redis_server), password="wrong")
    enter(visitor(redis_server))
    [entry, _] = read(redis, Keys("rq", "default"))  # the other is that the account was added
    assert (entry.what, entry.who, entry.detail) == ("signed in", "ann@example.org", {"by": "local account"})
    assert entry.where == "web, 127.0.0.1"
