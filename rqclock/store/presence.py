"""Who is there: the clock processes that lead or stand by, as their beats in Redis tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import redis

from rqclock.store.keys import Keys
from rqclock.store.lease import read_member
from rqclock.store.replies import number, text, texts

MILLISECONDS = 10**14  # an instant in milliseconds is less
SILENT_AFTER = 10.0  # seconds without a beat after which a clock counts as silent, with a lease of up to 5 s
WORKED_OFF = 30.0  # seconds: a smaller jump of Redis's time is worked off by the clocks themselves, slowly
SILENT_LIVES = 2  # lives of the lease, where that is longer: then there are seconds between two beats


@dataclass(frozen=True)
class Presence:
    """A clock process; `since` is the epoch second at which it began to lead, or came.

    `held` is how many seconds Redis's time is ahead of its own, since that has jumped. `silent_for` is how many seconds
    it has not been heard, when that is longer than two leases live: it may be dead.
    """

    host: str
    pid: int
    epoch: int | None
    since: float
    held: float = 0.0
    silent_for: float = 0.0


@dataclass(frozen=True)
class Present:
    """Who is there at `now`, the time by which the leading clock goes, in epoch seconds.

    `held` is how many seconds Redis's time is ahead of that (0: not at all), since it has jumped. `silent_since` is set
    when nobody leads and somebody has.
    """

    now: float
    held: float
    leader: Presence | None
    standbys: list[Presence]
    silent_since: float | None

    @property
    def processes(self) -> list[Presence]:
        """All that run, the leader first."""
        return [*([self.leader] if self.leader else []), *self.standbys]


def has_jumped(held: float) -> bool:
    """Whether Redis's time has jumped by so much that a person must say which time is right."""
    return abs(held) > WORKED_OFF


def clocks(connection: redis.Redis, prefix: str) -> list[str]:
    """The names of the Clocks that have published a timetable, or begun to. Raises redis.RedisError."""
    return sorted(text(name) for name in connection.smembers(Keys(prefix, "").clocks))


def read_present(connection: redis.Redis, keys: Keys) -> Present:
    """Who is there now. Raises redis.RedisError."""
    pipeline = connection.pipeline(transaction=False)
    pipeline.time()
    pipeline.hgetall(keys.named("lease"))
    pipeline.hgetall(keys.named("members"))
    (seconds, micros), lease, members = pipeline.execute()
    return present(texts(lease), members, seconds + micros / 1e6)


def present(lease: Mapping[str, str], members: Mapping[Any, Any], server: float) -> Present:
    """What a lease and the members tell at an instant of Redis's time."""
    leads = is_led(lease, server)
    others = (read_member(facts) for owner, facts in members.items() if not leads or text(owner) != lease["owner"])
    standbys = [_presence(facts, server) for facts in others if facts and is_heard(facts, server)]
    held = held_by(lease) if leads else max((one.held for one in standbys), key=abs, default=0.0)
    last = seconds_of(lease, "at") or None
    return Present(
        now=server - held,
        held=held,
        leader=_presence(lease, server, number(lease.get("epoch"), where="the epoch of the lease")) if leads else None,
        standbys=standbys,
        silent_since=None if leads else last,
    )


def is_led(lease: Mapping[str, Any], server: float) -> bool:
    """Whether somebody leads by this lease at that instant of Redis's time."""
    return bool(lease.get("owner")) and is_heard(lease, server)


def held_by(facts: Mapping[str, Any]) -> float:
    """Seconds by which Redis's time is ahead of the process that has written them."""
    told = str(facts.get("held", 0))
    jump = number(told.removeprefix("-"), where="the held time of a clock", below=MILLISECONDS) or 0
    return (-jump if told.startswith("-") else jump) / 1000


def seconds_of(facts: Mapping[str, Any], name: str) -> float:
    """What a clock has written in milliseconds; 0 where it is no such number."""
    return (number(facts.get(name), where=f"{name} of a clock", below=MILLISECONDS) or 0) / 1000


def is_heard(facts: Mapping[str, Any], server: float) -> bool:
    """Whether a process has beaten lately: `at` is its own time, `server` Redis's."""
    patience = max(SILENT_AFTER, SILENT_LIVES * seconds_of(facts, "life"))
    return abs(_unheard(facts, server)) <= patience


def _unheard(facts: Mapping[str, Any], server: float) -> float:
    return server - held_by(facts) - seconds_of(facts, "at")


def _presence(facts: Mapping[str, Any], server: float, epoch: int | None = None) -> Presence:
    pid = number(facts.get("pid"), where="the pid of a clock") or 0
    unheard = _unheard(facts, server)
    silent_for = unheard if unheard > SILENT_LIVES * seconds_of(facts, "life") else 0.0
    return Presence(str(facts.get("host", "?")), pid, epoch, seconds_of(facts, "since"), held_by(facts), silent_for)
