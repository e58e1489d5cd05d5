"""What is wrong with a connection, in one line with its remedy."""

from __future__ import annotations

import redis

from rqclock.connection.sentinels import NoMaster
from rqclock.errors import RedisUnavailable
from rqclock.settings import Settings


def explain(error: redis.RedisError, settings: Settings) -> RedisUnavailable:
    """The error in one line with its remedy, and without the password."""
    where, text = address(settings), _short(error)
    if isinstance(error, NoMaster) and _is_locked_out(error):
        remedy = "REDIS_SENTINEL_PASSWORD, and REDIS_SENTINEL_USERNAME where they have users"
        return RedisUnavailable(f"the Sentinels at {where} refused the user name or password ({text}): set {remedy}")
    if _is_locked_out(error):
        return RedisUnavailable(f"Redis at {where} refused the user name or password in REDIS_URL ({text})")
    if _is_distrusted(error):
        return RedisUnavailable(f"the certificate of Redis at {where} is not accepted ({text}): {_trust(text)}")
    if _is_unknown(error):
        return RedisUnavailable(f"Redis at {where} wants a certificate of ours: set REDIS_CERT_FILE and REDIS_KEY_FILE")
    if isinstance(error, redis.ReadOnlyError):
        cause = "another server has taken its place just now, or REDIS_URL names a replica"
        return RedisUnavailable(f"Redis at {where} takes no writes ({text}): {cause}")
    if isinstance(error, redis.BusyLoadingError):
        return RedisUnavailable(f"Redis at {where} is loading its data, and answers nothing until then ({text})")
    if isinstance(error, redis.ResponseError):
        return RedisUnavailable(f"Redis at {where} refused what it was asked for ({text})")
    return RedisUnavailable(f"Redis at {where} cannot be reached ({text}): is it running, is REDIS_URL right?")


def address(settings: Settings) -> str:
    """Host, port and database of REDIS_URL, never its user or password."""
    return settings.redis.shown


def is_misconfigured(error: redis.RedisError) -> bool:
    """Whether waiting cannot help: a wrong password stays wrong."""
    return _is_locked_out(error) or _is_distrusted(error) or _is_unknown(error)


def _is_locked_out(error: redis.RedisError) -> bool:
    if isinstance(error, NoMaster):
        return any(_is_locked_out(refused) for refused in error.refused)
    refusals = (redis.AuthenticationError, redis.exceptions.AuthorizationError)
    return isinstance(error, refusals) or any(word in str(error) for word in ("NOAUTH", "WRONGPASS"))


def _is_distrusted(error: redis.RedisError) -> bool:
    return "CERTIFICATE_VERIFY_FAILED" in str(error)


def _is_unknown(error: redis.RedisError) -> bool:
    return "certificate required" in str(error)


def _trust(text: str) -> str:
    if "not valid for" in text:
        return "write its host into REDIS_URL as it names it, or verify its signer alone: REDIS_VERIFY=chain"
    return "REDIS_CA_FILE names who signed it, REDIS_VERIFY says what is verified"


def _short(error: BaseException) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__
