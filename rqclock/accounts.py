"""Local accounts of the web console: for development, and for systems without a sign-in service of their own.

They lie in Redis, passwords as salted scrypt hashes. In production they open nothing unless RQCLOCK_LOCAL_ACCOUNTS=1.
Each change is one step with its entry of the activity, which never has the password.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

import redis
from werkzeug.security import check_password_hash, generate_password_hash

from rqclock.acts.activity import By, Entry, announce
from rqclock.errors import ConfigurationError, RqclockError, did_you_mean
from rqclock.store.keys import Keys
from rqclock.store.presence import clocks
from rqclock.store.replies import text
from rqclock.store.scripts import Scripts
from rqclock.store.ticks import slug

ROLES = ("viewer", "support", "admin")  # each may do what the one before it may
SHORTEST = 12
LONGEST = 1024
ADDRESS = re.compile(r"[^\s@,]{1,64}@[^\s@,]{1,190}")
# What a wrong address is compared with, so that an answer takes as long as for a wrong password.
NOBODY = generate_password_hash("nobody has this password")


@dataclass(frozen=True)
class Account:
    """Whoever signs in with `email`. `mark` changes with the password: older sessions end then."""

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
        return [_account(text(email), text(raw)) for email, raw in sorted(found.items())]

    def find(self, email: str) -> Account | None:
        """Raises redis.RedisError."""
        raw = self._raw(email)
        return _account(email.lower(), raw) if raw else None

    def check(self, email: str, password: str) -> Account | None:
        """The account if the password is its own. Takes as long for an address that has none."""
        raw = self._raw(email)
        kept = str(json.loads(raw)["hash"]) if raw else NOBODY
        fits = check_password_hash(kept, password[:LONGEST])
        return _account(email.lower(), raw) if raw and fits else None

    def refuse_new(self, email: str) -> None:
        """Raises ConfigurationError for what is no address, RqclockError when there is an account of it."""
        if not ADDRESS.fullmatch(email):
            raise ConfigurationError(f"{email!r} is not an e-mail address")
        if self._raw(email):
            raise RqclockError(f"there is an account {email} already")

    def refuse_unknown(self, email: str) -> str:
        """What is kept of the account. Raises RqclockError when there is none."""
        raw = self._raw(email)
        if not raw:
            raise RqclockError(f"there is no account {email}")
        return raw

    def add(self, email: str, role: str, password: str, *, by: By) -> None:
        """Raises ConfigurationError for what cannot be used, RqclockError when there is one of that address."""
        self.refuse_new(email)
        if role not in ROLES:
            raise ConfigurationError(f"{role!r} is none of {', '.join(ROLES)}{did_you_mean(role, ROLES)}")
        self._write(email, "", _packed(role, password), _entry("account added", by, email, role))

    def change(self, email: str, password: str, *, by: By) -> None:
        """Another password; sessions that began with the old one end. Raises RqclockError when there is none."""
        raw = self.refuse_unknown(email)
        role = _account(email, raw).role
        self._write(email, raw, _packed(role, password), _entry("account password changed", by, email, role))

    def remove(self, email: str, *, by: By) -> None:
        """Its sessions end at once. Raises RqclockError when there is none."""
        raw = self.refuse_unknown(email)
        self._write(email, raw, "", _entry("account removed", by, email, _account(email, raw).role))

    def _raw(self, email: str) -> str:
        return text(self._connection.hget(self._key, email.lower()) or "")

    def _write(self, email: str, seen: str, value: str, entry: Entry) -> None:
        """Change what was seen into another value, with the entry, or do nothing."""
        root = self._keys().root
        if not Scripts(self._connection).call("account", self._key, email.lower(), seen, value, root, entry.packed()):
            raise RqclockError(f"others are changing the account {email} at this moment: look, and try again")
        announce(entry)

    def _keys(self) -> Keys:
        """Of the Clock in whose activity it is told: accounts belong to all, as do sign-ins, which stand there too."""
        names = clocks(self._connection, self._prefix) or ["default"]
        return Keys(self._prefix, slug(names[0]))


def _entry(what: str, by: By, email: str, role: str) -> Entry:
    return Entry.of(what, by, detail={"account": email.lower(), "role": role})


def _account(email: str, raw: str) -> Account:
    kept = json.loads(raw)
    return Account(email, str(kept["role"]), hashlib.sha256(str(kept["hash"]).encode()).hexdigest()[:16])


def _packed(role: str, password: str) -> str:
    if not SHORTEST <= len(password) <= LONGEST:
        raise ConfigurationError(f"a password needs {SHORTEST} to {LONGEST} characters")
    return json.dumps({"role": role, "hash": generate_password_hash(password)})
