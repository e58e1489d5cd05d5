"""Connecting as each process would: its name, its time limits; all at once, so that silence costs its limit once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

import redis

from rqclock.connection import connect, connect_as_rq
from rqclock.doctor import refusals
from rqclock.doctor.check import Check, failure, ok, warning
from rqclock.doctor.reason import Reason
from rqclock.running.process import answer_timeout
from rqclock.settings import Settings
from rqclock.worker.worker import ANSWER_TIMEOUT

DOCTOR = "doctor"
SAMPLES = 3
QUICK = 0.5  # seconds: a slow server is asked once only
SLOW = 0.25  # seconds for one answer, from which it is worth a word


@dataclass
class Knock:
    """One try. `limit` is how many seconds the process waits for an answer, `answer` how long one took."""

    role: str
    limit: float
    connection: redis.Redis | None = None
    answer: float | None = None
    error: Exception | None = None


def limits(settings: Settings) -> dict[str, float]:
    """Seconds that each process waits for an answer."""
    return {
        "clock": answer_timeout(settings),
        "worker": ANSWER_TIMEOUT,
        "web": settings.redis_timeout,
        DOCTOR: settings.redis_timeout,
    }


def knock(settings: Settings) -> list[Knock]:
    """A try as each process, and one as the doctor, which keeps its connection."""
    knocks = [Knock(role, limit) for role, limit in limits(settings).items()]
    threads = [threading.Thread(target=_try, args=(one, settings), daemon=True) for one in knocks]
    for thread in threads:
        thread.start()
    longest = settings.redis_connect_timeout + 2 * max(one.limit for one in knocks)
    deadline = time.monotonic() + longest
    for one, thread in zip(knocks, threads, strict=True):
        thread.join(max(0.0, deadline - time.monotonic()))
        if thread.is_alive():  # a name server that does not answer, which no time limit of a socket covers
            one.error = redis.TimeoutError(f"nothing came within {longest:g} s")
    return knocks


def _try(one: Knock, settings: Settings) -> None:
    try:
        connection = _connection(one, settings)
        connection.ping()
        for _ in range(SAMPLES):
            began = time.monotonic()
            connection.ping()
            one.answer = min(time.monotonic() - began, one.answer or 60.0)
            if one.role != DOCTOR or one.answer > QUICK:
                break
        one.connection = connection
    except Exception as error:  # redis-py lets some of a socket through, and what an option or an answer provokes
        one.error = error


def _connection(one: Knock, settings: Settings) -> redis.Redis:
    if one.role == "worker":  # whose first connection is RQ's to make
        return connect_as_rq(settings, answer_timeout=one.limit)
    return connect(settings, one.role, answer_timeout=one.limit)


def judge(knocks: list[Knock], settings: Settings, environ: Mapping[str, str]) -> Iterator[Check]:
    """What came of it. Processes that failed for the same reason are one line."""
    where = settings.redis.shown
    reasons: dict[Reason, list[str]] = {}
    for one in knocks:
        if one.error is not None:
            reasons.setdefault(refusals.reason(one.error, settings, environ), []).append(one.role)
    nobody = all(one.error for one in knocks)
    for reason, roles in reasons.items():
        processes = [role for role in roles if role != DOCTOR]
        what = f"{', '.join(processes)}: {reason.what}" if processes and len(roles) < len(knocks) else reason.what
        yield failure(
            reason.name, what, why=reason.why, remedy=reason.remedy, stops_deploy=nobody or not reason.is_slowness
        )
    fine = [one.role for one in knocks if one.error is None and one.role != DOCTOR]
    if fine:
        yield ok("connection", f"{', '.join(fine)} {'reach' if len(fine) > 1 else 'reaches'} {where}")


def best(knocks: list[Knock]) -> float:
    """The quickest answer in seconds, 0 if there was none."""
    return min((one.answer for one in knocks if one.answer is not None), default=0.0)


def latency(knocks: list[Knock]) -> Iterator[Check]:
    """How long one answer takes, measured by the most patient."""
    quickest = best(knocks)
    if not quickest:
        return
    allowed = ", ".join(f"{one.role} {one.limit:g} s" for one in knocks if one.role != DOCTOR)
    if quickest < SLOW:
        yield ok("latency", f"an answer takes {_short(quickest)}; limits: {allowed}")
        return
    late = [one.role for one in knocks if quickest >= one.limit]
    yield warning(
        "latency",
        f"an answer takes {quickest:.1f} s; limits: {allowed}",
        why=_given_up(late) if late else "each step of each job takes as long",
        remedy="use a Redis in the same region or network, look for slow commands (SLOWLOG GET) and a busy server",
    )


def _short(seconds: float) -> str:
    return "under 1 ms" if seconds < 0.001 else f"{seconds * 1000:.0f} ms"


def _given_up(roles: list[str]) -> str:
    verbs = ("gives", "does") if len(roles) == 1 else ("give", "do")
    return f"{' and '.join(roles)} {verbs[0]} up before it comes, and {verbs[1]} nothing"


def encryption(settings: Settings) -> Check:
    """What protects the way, once it is open."""
    where = settings.redis
    if not where.tls:
        return ok("TLS", "none: what is sent can be read on the way" if where.hosts else "none needed: a socket")
    if unverified := _unverified(settings):
        return warning(
            "TLS",
            f"encrypted, and the server's certificate is not verified ({unverified})",
            why="whoever can redirect the traffic can pose as the server, read the password, and run jobs of their own",
            remedy="REDIS_CA_FILE=…/ca.pem with REDIS_VERIFY=full; leave it only where the provider has no certificate "
            "that can be verified, on a private network",
        )
    how = "its chain, not its host name" if settings.redis_verify == "chain" else "its chain and host name"
    return ok("TLS", f"encrypted; verified: {how}")


def _unverified(settings: Settings) -> str:
    """Where it is said that the certificate is not to be verified; redis-py prefers what the URL says."""
    said = parse_qs(urlsplit(settings.redis_url).query).get("ssl_cert_reqs", [""])[-1]
    if said.lower().removeprefix("cert_") == "none":
        return f"ssl_cert_reqs={said} in REDIS_URL"
    return "REDIS_VERIFY=none" if settings.redis_verify == "none" and not said else ""


def authentication(settings: Settings) -> Check:
    """Who we are there, never by which password."""
    where = settings.redis
    if not where.password and _is_far(settings):
        return warning(
            "authentication",
            "none: the server lets everybody in",
            why="whoever reaches its port can write jobs, and so run code in the workers",
            remedy="set a password (requirepass, or an ACL user) and write it into REDIS_URL",
        )
    return ok("authentication", f"as user {where.username or 'default'}" if where.password else "none is asked for")


def _is_far(settings: Settings) -> bool:
    """Whether it is none of this host's own or of a private network's, by its name or address."""
    return not all(_is_near(host) for host, _ in settings.redis.hosts)


def _is_near(host: str) -> bool:
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".internal", ".local"))
