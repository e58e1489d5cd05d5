"""Local accounts of the web console: for development, and for systems without a sign-in service of their own.

They lie in Redis, passwords as salted scrypt hashes. In production they open nothing unless RQCLOCK_LOCAL_ACCOUNTS=1.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

import redis
from werkzeug.security import check_password_hash, generate_password_hash

from rqclock.errors import ConfigurationError, RqclockError, did_you_mean
from rqclock.store.replies import text

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
        self._key = f"{prefix}:web:accounts"

    def all(self) -> list[Account]:
        """By address. Raises redis.RedisError."""
        found = self._connection.hgetall(self._key)
        return [_account(text(email), text(raw)) for email, raw in sorted(found.items())]

    def find(self, email: str) -> Account | None:
        """Raises redis.RedisError."""
        raw = self._connection.hget(self._key, email.lower())
        return None if raw is None else _account(email.lower(), text(raw))

    def check(self, email: str, password: str) -> Account | None:
        """The account if the password is its own. Takes as long for an address that has none."""
        raw = self._connection.hget(self._key, email.lower())
        kept = str(json.loads(text(raw))["hash"]) if raw else NOBODY
        fits = check_password_hash(kept, password[:LONGEST])
        return _account(email.lower(), text(raw)) if raw and fits else None

    def add(self, email: str, role: str, password: str) -> None:
        """Raises ConfigurationError for what cannot be used, RqclockError when there is one of that address."""
        if not ADDRESS.fullmatch(email):
            raise ConfigurationError(f"{email!r} is not an e-mail address")
        if role not in ROLES:
            raise ConfigurationError(f"{role!r} is none of {', '.join(ROLES)}{did_you_mean(role, ROLES)}")
        if not self._connection.hsetnx(self._key, email.lower(), _packed(role, password)):
            raise RqclockError(f"there is an account {email} already")

    def change(self, email: str, password: str) -> None:
        """Another password; sessions that began with the old one end. Raises RqclockError when there is none."""
        account = self.find(email)
        if account is None:
            raise RqclockError(f"there is no account {email}")
        self._connection.hset(self._key, email.lower(), _packed(account.role, password))

    def remove(self, email: str) -> None:
        """Its sessions end at once. Raises RqclockError when there is none."""
        if not self._connection.hdel(self._key, email.lower()):
            raise RqclockError(f"there is no account {email}")


def _account(email: str, raw: str) -> Account:
    kept = json.loads(raw)
    return Account(email, str(kept["role"]), hashlib.sha256(str(kept["hash"]).encode()).hexdigest()[:16])


def _packed(role: str, password: str) -> str:
    if not SHORTEST <= len(password) <= LONGEST:
        raise ConfigurationError(f"a password needs {SHORTEST} to {LONGEST} characters")
    return json.dumps({"role": role, "hash": generate_password_hash(password)})
