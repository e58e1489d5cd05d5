"""How often somebody may try a password: counted in Redis, so that all web processes count together."""

from __future__ import annotations

import hashlib

from rqclock.web.state import connection, settings

WINDOW = 15 * 60  # seconds
MOST = {"address": 10, "place": 50}  # of one account from anywhere; of one IP address for any account


def allowed(*, email: str, place: str) -> bool:
    """Count one more try, and say whether it may be made. Raises redis.RedisError."""
    pipeline = connection().pipeline()
    for kind, value in (("address", email.lower()), ("place", place)):
        key = _key(kind, value)
        pipeline.incr(key)
        pipeline.expire(key, WINDOW, nx=True)
    tries = pipeline.execute()[::2]
    return all(count <= most for count, most in zip(tries, MOST.values(), strict=True))


def forget(email: str) -> None:
    """After a sign-in that went well the account's own tries begin anew."""
    connection().delete(_key("address", email.lower()))


def _key(kind: str, value: str) -> str:
    digest = hashlib.sha256(value.encode()).hexdigest()[:32]
    return f"{settings().key_prefix}:web:tries:{kind}:{digest}"
