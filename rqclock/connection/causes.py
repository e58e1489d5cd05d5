"""What kind of failure it is that redis-py raised: one that passes by itself, or one that a person must mend."""

from __future__ import annotations

import redis
from redis import exceptions

from rqclock.connection.sentinels import NoMaster

PASSING = (
    exceptions.ConnectionError,  # a server that loads its data is one of these
    exceptions.TimeoutError,
    exceptions.ReadOnlyError,
    exceptions.OutOfMemoryError,
    exceptions.ClusterDownError,
    exceptions.ExecAbortError,
)
WORDS = ("OOM ", "READONLY", "MISCONF", "NOREPLICAS", "MASTERDOWN", "LOADING", "BUSY ", "UNBLOCKED", "EXECABORT")
DENIED = ("NOPERM", "DENIED", "unknown command", "ERR unknown command")
NO_DATABASE = ("DB index", "SELECT is not allowed")


def passes(error: BaseException) -> bool:
    """Whether to wait and try again, for a process that had begun its work."""
    if isinstance(error, PASSING):
        return True
    return isinstance(error, redis.RedisError) and any(word in str(error) for word in WORDS)


def lasts(error: redis.RedisError) -> bool:
    """Whether a process that starts would wait in vain: a wrong password stays wrong. Of what is in doubt, such as the
    words of a proxy, it is not so."""
    return (
        is_locked_out(error) or is_distrusted(error) or is_unknown(error) or has_no_database(error) or is_denied(error)
    )


def is_locked_out(error: redis.RedisError) -> bool:
    """A wrong user or password, or none, or one that may not even begin."""
    if isinstance(error, NoMaster):
        return any(is_locked_out(refused) for refused in error.refused)
    refusals = (redis.AuthenticationError, redis.exceptions.AuthorizationError)
    return isinstance(error, refusals) or any(word in str(error) for word in ("NOAUTH", "WRONGPASS"))


def wants_password(error: redis.RedisError) -> bool:
    """We said none."""
    return any(word in str(error) for word in ("NOAUTH", "Authentication required"))


def is_distrusted(error: redis.RedisError) -> bool:
    """We do not accept its certificate."""
    return "CERTIFICATE_VERIFY_FAILED" in str(error)


def is_unknown(error: redis.RedisError) -> bool:
    """It wants a certificate of ours."""
    return "certificate required" in str(error)


def is_without_handshake(error: redis.RedisError) -> bool:
    """A connection with TLS came to nothing, perhaps because the other side speaks none."""
    return any(word in str(error) for word in ("Timeout connecting", "[SSL", "_ssl.c"))


def is_denied(error: redis.RedisError) -> bool:
    """The server's rules for our user, or for this host, forbid what we need."""
    return isinstance(error, exceptions.NoPermissionError) or str(error).startswith(DENIED)


def has_no_database(error: redis.RedisError) -> bool:
    """The server has no database of that number."""
    return any(word in str(error) for word in NO_DATABASE)
