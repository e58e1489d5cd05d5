"""`rqclock user`: nobody types a password in vain, nobody is asked where nobody sits, and each change is told."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
import redis as redis_py

from rqclock.accounts import Accounts
from rqclock.acts.activity import By, Entry, read
from rqclock.errors import RqclockError
from rqclock.store.keys import Keys
from tests.support.command import Rqclock
from tests.support.leader import Leader
from tests.support.server import Server

PASSWORD = "correct horse battery"
BOB = By("bob", where="cli on web-1")

AtTerminal = Callable[..., tuple[int, str]]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password on standard input, once."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))


@pytest.fixture
def at_terminal(pytestconfig: pytest.Config, redis_server: Server) -> Iterator[AtTerminal]:
    """`rqclock user …` with a terminal as standard input, at which the password is typed whenever it is asked for.

    Answers the exit code and what was printed.
    """
    ours, theirs = pty.openpty()

    def run(*words: str) -> tuple[int, str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "rqclock", "user", *words],
            cwd=pytestconfig.rootpath,
            env=os.environ | {"REDIS_URL": redis_server.url},
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # else the password is asked for at the terminal of whoever runs the tests
        )
        assert process.stdout is not None
        said = b""
        while part := os.read(process.stdout.fileno(), 1000):
            said += part
            if said.endswith(b": "):
                os.write(ours, f"{PASSWORD}\n".encode())
        return process.wait(), said.decode()

    yield run
    os.close(ours)
    os.close(theirs)


def told(redis: redis_py.Redis) -> list[Entry]:
    return list(read(redis, Keys("rq", "default")))


# --- what is asked, and when


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "notamail"), "'notamail' is not an e-mail address"),
        (("add", "Ann@example.org"), "there is an account Ann@example.org already"),
        (("password", "carol@example.org"), "there is no account carol@example.org"),
    ],
)
def test_no_password_is_asked_for_where_the_address_will_not_do(
    at_terminal: AtTerminal, redis: redis_py.Redis, words: tuple[str, str], said: str
) -> None:
    Accounts(redis, "rq").add("ann@example.org", "viewer", PASSWORD, by=BOB)
    assert at_terminal(*words) == (2, f"{said}\n")


def test_a_password_is_asked_for_twice_at_a_terminal(at_terminal: AtTerminal, redis: redis_py.Redis) -> None:
    code, said = at_terminal("add", "ann@example.org")
    assert code == 0 and "Password: " in said and "Repeat for confirmation: " in said, said
    assert Accounts(redis, "rq").check("ann@example.org", PASSWORD)


@pytest.mark.parametrize("command", ["add", "password"])
def test_where_nobody_can_be_asked_one_line_says_how_a_password_is_given(
    rqclock: Rqclock, redis: redis_py.Redis, typed: None, command: str
) -> None:
    if command == "password":
        Accounts(redis, "rq").add("ann@example.org", "viewer", PASSWORD, by=BOB)
    result = rqclock("user", command, "ann@example.org")
    assert (result.code, result.out) == (2, "")
    assert result.err == "a password is asked for at a terminal only: say --stdin where nobody can be asked\n"


# --- what somebody else has written among the accounts

STRANGE = [b"", b"no JSON", b"[1]", b"null", b"{}", b'{"role": "admin"}', b'{"role": 1, "hash": []}', b"\xff\xfe"]


@pytest.fixture(params=STRANGE)
def strange(request: pytest.FixtureRequest, redis: redis_py.Redis) -> None:
    """An account that cannot be read."""
    redis.hset("rq:web:accounts", "ann@example.org", request.param)


def test_an_account_that_cannot_be_read_is_listed_as_such(rqclock: Rqclock, strange: None) -> None:
    listed = rqclock("user", "list")
    assert (listed.code, listed.err) == (0, "")
    assert listed.out == "ann@example.org  ?  (cannot be read: remove it, and add it anew)\n"
    assert rqclock("user", "list", "--json").lines == [{"email": "ann@example.org", "role": "?"}]


def test_an_account_that_cannot_be_read_gets_no_password_and_no_second_of_its_name(
    rqclock: Rqclock, redis: redis_py.Redis, strange: None, typed: None
) -> None:
    changed = rqclock("user", "password", "ann@example.org", "--stdin")
    assert (changed.code, changed.out) == (2, "")
    assert changed.err == "the account ann@example.org cannot be read: remove it, and add it anew\n"
    assert rqclock("user", "add", "ann@example.org", "--stdin").err == "there is an account ann@example.org already\n"
    assert told(redis) == []


def test_an_account_that_cannot_be_read_can_be_removed_and_added_anew(
    rqclock: Rqclock, redis: redis_py.Redis, strange: None, typed: None
) -> None:
    removed = rqclock("user", "remove", "ann@example.org")
    assert (removed.code, removed.out) == (0, "removed ann@example.org\n")
    assert redis.hlen("rq:web:accounts") == 0
    [entry] = told(redis)
    assert (entry.what, entry.detail) == ("account removed", {"account": "ann@example.org", "role": "?"})
    assert rqclock("user", "add", "ann@example.org", "--stdin").code == 0
    assert Accounts(redis, "rq").check("ann@example.org", PASSWORD)


@pytest.mark.parametrize("key", ["rq:web:accounts", "rq:clock:default:activity"])
def test_a_key_that_holds_something_else_is_named_and_nothing_is_written(
    rqclock: Rqclock, redis: redis_py.Redis, typed: None, key: str
) -> None:
    redis.set(key, "a text")
    added = rqclock("user", "add", "ann@example.org", "--stdin")
    assert (added.code, added.out) == (2, "")
    assert added.err == f"the Redis key {key} holds something else: rename or delete it\n"
    assert redis.keys() == [key.encode()]


# --- what is told of it


def test_an_account_that_is_added_stands_in_the_activity(
    rqclock: Rqclock, leader: Leader, typed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "carol")
    assert rqclock("user", "add", "Ann@example.org", "--role", "admin", "--stdin", "--reason", "new here").code == 0
    [entry] = rqclock("activity", "--json").lines
    assert (entry["what"], entry["who"], entry["why"]) == ("account added", "carol", "new here")
    assert entry["detail"] == {"account": "ann@example.org", "role": "admin"}
    assert entry["where"].startswith("cli on ")


def test_a_new_password_and_a_removal_stand_in_the_activity_and_the_password_nowhere(
    rqclock: Rqclock, redis: redis_py.Redis, typed: None
) -> None:
    Accounts(redis, "rq").add("ann@example.org", "support", "another password", by=BOB)
    changed = rqclock("user", "password", "ann@example.org", "--stdin", "--by", "Dan")
    removed = rqclock("user", "remove", "ann@example.org")
    assert (changed.code, removed.code) == (0, 0)
    entries = told(redis)
    assert [entry.what for entry in entries] == ["account removed", "account password changed", "account added"]
    assert [entry.who for entry in entries[1:]] == ["Dan", "bob"]
    assert {tuple(entry.detail.items()) for entry in entries} == {(("account", "ann@example.org"), ("role", "support"))}
    assert '"event": "activity"' in changed.err or '"event":"activity"' in changed.err
    written = str(entries) + changed.out + changed.err + removed.err
    assert PASSWORD not in written and "another password" not in written and "scrypt" not in written


def test_what_changes_no_account_stands_in_no_activity(rqclock: Rqclock, redis: redis_py.Redis, typed: None) -> None:
    assert rqclock("user", "remove", "ann@example.org").code == 2
    assert rqclock("user", "password", "ann@example.org", "--stdin").code == 2
    with pytest.raises(RqclockError, match="12 to 1024 characters"):
        Accounts(redis, "rq").add("ann@example.org", "viewer", "short", by=BOB)
    assert told(redis) == []


def test_of_two_who_add_the_same_account_at_once_one_is_refused(
    redis: redis_py.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, quick = Accounts(redis, "rq"), Accounts(redis, "rq")

    def looks_before_the_other_writes(email: str) -> None:
        quick.add(email, "viewer", PASSWORD, by=BOB)

    monkeypatch.setattr(slow, "refuse_new", looks_before_the_other_writes)
    with pytest.raises(RqclockError, match="others are changing the account"):
        slow.add("ann@example.org", "admin", PASSWORD, by=BOB)
    assert [account.role for account in quick.all()] == ["viewer"] and len(told(redis)) == 1
