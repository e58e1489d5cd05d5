"""Local accounts of the web console: for development, and for systems without a sign-in service of their own.

They lie in Redis, passwords as salted scrypt hashes. In production they open nothing unless RQCLOCK_LOCAL_ACCOUNTS=1.
Each change is one step with its entry of the activity, which never has the password.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

import redis
from werkzeug.security import check_password_hash, generate_password_hash

from rqclock.acts.activity import By, Entry, announce
from rqclock.errors import ConfigurationError, RqclockError, did_you_mean
from rqclock.store.keys import Keys
from rqclock.store.presence import clocks
from rqclock.store.replies import leave_out, text
from rqclock.store.scripts import Scripts
from rqclock.store.ticks import slug

ROLES = ("viewer", "support", "admin")  # each may do what the one before it may
UNREADABLE = "?"  # in the place of a role, where somebody else has written the account
SHORTEST = 12
LONGEST = 1024
ADDRESS = re.compile(r"[^\s@,]{1,64}@[^\s@,]{1,190}")
# What a wrong address is compared with, so that an answer takes as long as for a wrong password.
NOBODY = generate_password_hash("nobody has this password")


@dataclass(frozen=True)
class Account:
    """Whoever signs in with `email`. `mark` changes with the password: older sessions end then.

    One that cannot be read has the role "?" and no mark, and signs nobody in.
    """

    email: str
    role: str
    mark: str


class Accounts:
    """All of them. `prefix` is that of every key."""

    def __init__(self, connection: redis.Redis, prefix: str) -> None:
        self._connection = connection
        self._prefix = prefix
        self._key = f"{prefix}:web:accounts"

    def all(self) -> list[Account]:
        """By address. Raises redis.RedisError."""
        found = self._connection.hgetall(self._key)
        return [_account(text(email), raw) for email, raw in sorted(found.items())]

    def find(self, email: str) -> Account | None:
        """None for one that is not there, or cannot be read. Raises redis.RedisError."""
        account = _account(email.lower(), self._raw(email))
        return account if account.mark else None

    def check(self, email: str, password: str) -> Account | None:
        """The account if the password is its own. Takes as long for an address that has none."""
        raw = self._raw(email)
        kept = _kept(raw)
        if raw is not None and kept is None:
            leave_out(f"the account {email.lower()} in {self._key}")
        fits = _fits(kept[1] if kept else NOBODY, password[:LONGEST])
        return _account(email.lower(), raw) if kept and fits else None

    def refuse_new(self, email: str) -> None:
        """Raises ConfigurationError for what is no address, RqclockError when there is an account of it."""
        if not ADDRESS.fullmatch(email):
            raise ConfigurationError(f"{email!r} is not an e-mail address")
        if self._seen(email) is not None:
            raise RqclockError(f"there is an account {email} already")

    def refuse_unreadable(self, email: str) -> Any:
        """What is kept of the account. Raises RqclockError when there is none, or it cannot be read."""
        raw = self._known(email)
        if _kept(raw) is None:
            raise RqclockError(f"the account {email} cannot be read: remove it, and add it anew")
        return raw

    def add(self, email: str, role: str, password: str, *, by: By) -> None:
        """Raises ConfigurationError for what cannot be used, RqclockError when there is one of that address."""
        self.refuse_new(email)
        if role not in ROLES:
            raise ConfigurationError(f"{role!r} is none of {', '.join(ROLES)}{did_you_mean(role, ROLES)}")
        self._write(email, None, _packed(role, password), _entry("account added", by, email, role))

    def change(self, email: str, password: str, *, by: By) -> None:
        """Another password; sessions that began with the old one end. Raises RqclockError as `refuse_unreadable`."""
        raw = self.refuse_unreadable(email)
        role = _account(email, raw).role
        self._write(email, raw, _packed(role, password), _entry("account password changed", by, email, role))

    def remove(self, email: str, *, by: By) -> None:
        """Its sessions end at once. Raises RqclockError when there is none; one that cannot be read goes too."""
        raw = self._known(email)
        self._write(email, raw, "", _entry("account removed", by, email, _account(email, raw).role))

    def _raw(self, email: str) -> Any:
        """As it stands there: of what is no UTF-8 the text would not be what is to be removed."""
        return self._connection.hget(self._key, email.lower())

    def _seen(self, email: str) -> Any:
        try:
            return self._raw(email)
        except redis.ResponseError as error:
            if str(error).startswith("WRONGTYPE"):
                raise _strange(self._key) from None
            raise

    def _known(self, email: str) -> Any:
        raw = self._seen(email)
        if raw is None:
            raise RqclockError(f"there is no account {email}")
        return raw

    def _write(self, email: str, seen: Any, value: str, entry: Entry) -> None:
        """Change what was seen (None: nothing) into another value ("": nothing), with the entry, or do nothing."""
        stood = ("0", "") if seen is None else ("1", seen)
        answer, place = Scripts(self._connection).call(
            "account", self._key, email.lower(), *stood, value, self._keys().root, entry.packed()
        )
        if text(answer) == "wrong type":
            raise _strange(text(place))
        if text(answer) == "changed":
            raise RqclockError(f"others are changing the account {email} at this moment: look, and try again")
        announce(entry)

    def _keys(self) -> Keys:
        """Of the Clock in whose activity it is told: accounts belong to all, as do sign-ins, which stand there too."""
        names = clocks(self._connection, self._prefix) or ["default"]
        return Keys(self._prefix, slug(names[0]))


def _entry(what: str, by: By, email: str, role: str) -> Entry:
    return Entry.of(what, by, detail={"account": email.lower(), "role": role})


def _strange(key: str) -> RqclockError:
    return RqclockError(f"the Redis key {key} holds something else: rename or delete it")


def _account(email: str, raw: Any) -> Account:
    kept = _kept(raw)
    if kept is None:
        return Account(email, UNREADABLE, "")
    return Account(email, kept[0], hashlib.sha256(kept[1].encode()).hexdigest()[:16])


def _kept(raw: Any) -> tuple[str, str] | None:
    """The role and the hash of the password; None where there is nothing, or nothing that we have written."""
    try:
        found = json.loads(raw)
        role, kept = found["role"], found["hash"]
        f"{role}{kept}".encode()  # half of a surrogate pair can be neither shown nor hashed
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return (role, kept) if isinstance(role, str) and isinstance(kept, str) else None


def _fits(kept: str, password: str) -> bool:
    try:
        return check_password_hash(kept, password)
    except (ValueError, TypeError, OverflowError, MemoryError):  # no hash of ours: each way to be none has its error
        return False


def _packed(role: str, password: str) -> str:
    if not SHORTEST <= len(password) <= LONGEST:
        raise ConfigurationError(f"a password needs {SHORTEST} to {LONGEST} characters")
    return json.dumps({"role": role, "hash": generate_password_hash(password)})
