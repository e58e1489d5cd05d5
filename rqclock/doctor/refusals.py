"""Why Redis could not be reached, from the error that redis-py raised, in words with a remedy."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rqclock.doctor.handshake import certificate, scheme
from rqclock.doctor.reason import Reason
from rqclock.settings import Settings


def reason(error: Exception, settings: Settings, environ: Mapping[str, str]) -> Reason:
    """The reason behind an error."""
    text = " ".join(str(error).split())
    where = settings.redis.shown
    for find in (certificate, scheme, _sentinels, _person, _state, _network):
        found = find(text, settings, environ)
        if found:
            return found
    return Reason(
        "connection",
        f"{where} cannot be reached: {text or type(error).__name__}",
        "no process can work without it",
        "see what the server's own log says of this moment",
    )


def _sentinels(text: str, settings: Settings, environ: Mapping[str, str]) -> Reason | None:
    """What went wrong before any server was asked."""
    if not text.startswith("No master found"):
        return None
    where = f"the Sentinels at {settings.redis.shown}"
    if "username-password" in text or "Authentication required" in text:
        why = "they have users and passwords of their own, beside those of the servers"
        remedy = "REDIS_SENTINEL_PASSWORD, and REDIS_SENTINEL_USERNAME where they have ACL users"
        return Reason("authentication", f"{where} refused the password", why, remedy)
    _, told, errors = text.partition("': ")
    if told:
        why = "only they know which server is the master"
        return Reason(
            "connection", f"{where} did not answer ({errors})", why, "compare their hosts and ports, and the way there"
        )
    why = "they say which server is the master"
    remedy = "compare the service's name in REDIS_URL with what SENTINEL MASTERS tells; is a master up?"
    return Reason("connection", f"{where} know no master of that name", why, remedy)


def _person(text: str, settings: Settings, environ: Mapping[str, str]) -> Reason | None:
    where = settings.redis
    if "WRONGPASS" in text or "invalid username-password" in text or "invalid password" in text:
        what = f"{where.shown} refused the password of user {where.username or 'default'}"
        remedy = "take user and password from where the server got them; in the URL write # as %23, / as %2F, @ as %40"
        return Reason("authentication", what, "it is wrong, or the user is off", remedy)
    if "NOAUTH" in text or "Authentication required" in text:
        what = f"{where.shown} asks for a password, and REDIS_URL has none"
        return Reason(
            "authentication", what, "it answers nothing before that", "put USER:PASSWORD@ before the host in REDIS_URL"
        )
    if "without any password configured" in text:
        what = f"REDIS_URL has a password, and {where.shown} has none configured"
        why = "either this is another server than you mean, or its password was never set"
        return Reason("authentication", what, why, "set requirepass on the server, or take the password out")
    if "NOPERM" in text or "no permissions" in text:
        what = f"user {where.username or 'default'} may not even begin: {text}"
        remedy = f"ACL SETUSER {where.username or 'default'} +@connection"
        return Reason("authentication", what, "every process names itself and asks whether the server lives", remedy)
    return None


def _state(text: str, settings: Settings, environ: Mapping[str, str]) -> Reason | None:
    where = settings.redis.shown
    if "max number of clients" in text:
        why = "every clock, worker and web process needs several connections"
        return Reason(
            "connection", f"{where} has no connection free (maxclients)", why, "raise maxclients, or the plan"
        )
    if "LOADING" in text or "loading the dataset" in text:
        what = f"{where} is loading its data"
        return Reason("connection", what, "it answers nothing until then", "wait, and ask again", is_slowness=True)
    if "protected mode" in text:
        what = f"{where} is in protected mode"
        return Reason("connection", what, "it answers its own host only", "set a password there, and bind its address")
    if "DB index is out of range" in text or "SELECT is not allowed" in text:
        why = "servers in cluster mode, and some providers, have database 0 only"
        return Reason("connection", f"{where}: there is no such database", why, "end REDIS_URL with /0")
    return None


def _network(text: str, settings: Settings, environ: Mapping[str, str]) -> Reason | None:
    where = settings.redis.shown
    if "refused" in text:
        what = f"nothing listens at {where}"
        return Reason(
            "connection", what, "no process can work without Redis", "start it; compare host and port of REDIS_URL"
        )
    if re.search(r"Name or service not known|nodename nor servname|name resolution|No address associated", text):
        what = f"the name of {where} is not known here"
        return Reason("connection", what, "no process finds Redis", "compare the host of REDIS_URL; look at DNS here")
    if "connecting to server" in text or "connect timed out" in text:
        what = f"{where} does not take a connection within {settings.redis_connect_timeout:g} s"
        why = "packets to it are dropped: a firewall, a private network, a host that is off"
        return Reason("connection", what, why, "open the way from here to that port; see REDIS_CONNECT_TIMEOUT")
    if "reading from" in text or "timed out" in text or "nothing came within" in text:
        what = f"no answer from {where} in time"
        why = "a process that gives up does nothing: nothing is queued, nothing runs"
        return Reason(
            "connection",
            what,
            why,
            "see how long an answer takes (latency), and what the server is busy with (SLOWLOG GET)",
            is_slowness=True,
        )
    if "No such file" in text or "Permission denied" in text:
        what = f"{where}: {'there is no such file' if 'No such' in text else 'this user may not open it'}"
        return Reason(
            "connection", what, "no process can work without Redis", "compare the path, and its owner and mode"
        )
    return None
