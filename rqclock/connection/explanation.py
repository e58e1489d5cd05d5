"""What is wrong with a connection, in one line with its remedy."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import redis

from rqclock.connection import causes
from rqclock.connection.sentinels import NoMaster
from rqclock.errors import RedisUnavailable
from rqclock.settings import Settings


def explain(error: redis.RedisError, settings: Settings) -> RedisUnavailable:
    """The error in one line with its remedy, and without the password."""
    where, text = address(settings), _short(error)
    if causes.is_locked_out(error):
        return RedisUnavailable(_locked_out(error, settings))
    if causes.is_distrusted(error):
        return RedisUnavailable(f"the certificate of Redis at {where} is not accepted ({text}): {_trust(text)}")
    if causes.is_unknown(error):
        return RedisUnavailable(f"Redis at {where} wants a certificate of ours: set REDIS_CERT_FILE and REDIS_KEY_FILE")
    if isinstance(error, redis.ReadOnlyError):
        cause = "another server has taken its place just now, or REDIS_URL names a replica"
        return RedisUnavailable(f"Redis at {where} takes no writes ({text}): {cause}")
    if isinstance(error, redis.BusyLoadingError):
        return RedisUnavailable(f"Redis at {where} is loading its data, and answers nothing until then ({text})")
    if causes.has_no_database(error):
        return RedisUnavailable(f"Redis at {where} has no database of this number ({text}): end REDIS_URL with /0")
    if isinstance(error, redis.ResponseError):
        return RedisUnavailable(f"Redis at {where} refused what it was asked for ({text})")
    return RedisUnavailable(f"Redis at {where} cannot be reached ({text}): {_way(error, settings)}")


def address(settings: Settings) -> str:
    """Host, port and database of REDIS_URL, never its user or password."""
    return settings.redis.shown


def _locked_out(error: redis.RedisError, settings: Settings) -> str:
    where, text = address(settings), _short(error)
    if isinstance(error, NoMaster):
        remedy = "REDIS_SENTINEL_PASSWORD, and REDIS_SENTINEL_USERNAME where they have users"
        return f"the Sentinels at {where} refused the user name or password ({text}): set {remedy}"
    if causes.wants_password(error) and not _has_password(settings):
        return f"Redis at {where} wants a password, and REDIS_URL has none ({text}): put USER:PASSWORD@ before its host"
    return f"Redis at {where} refused the user name or password in REDIS_URL ({text})"


def _has_password(settings: Settings) -> bool:
    return bool(settings.redis.password) or "password" in parse_qs(urlsplit(settings.redis_url).query)


def _trust(text: str) -> str:
    if "not valid for" in text:
        return "write its host into REDIS_URL as it names it, or verify its signer alone: REDIS_VERIFY=chain"
    return "REDIS_CA_FILE names who signed it, REDIS_VERIFY says what is verified"


def _way(error: redis.RedisError, settings: Settings) -> str:
    """What to look at where nothing was heard."""
    if settings.redis.tls and causes.is_without_handshake(error):
        return "is it running, does it speak TLS? REDIS_URL says rediss://, which a server without TLS does not answer"
    if settings.redis_url == Settings.redis_url:
        return "is it running? REDIS_URL is not set, or is set to this default"
    return "is it running, is REDIS_URL right?"


def _short(error: BaseException) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__
