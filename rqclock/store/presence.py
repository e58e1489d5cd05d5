"""Who is there: the clock processes that lead or stand by, as their beats in Redis tell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import redis

from rqclock.store.keys import Keys
from rqclock.store.replies import text, texts

SILENT_AFTER = 10.0  # seconds without a beat after which a clock counts as silent


@dataclass(frozen=True)
class Presence:
    """A clock process; `since` is the epoch second at which it began to lead, or came."""

    host: str
    pid: int
    epoch: int | None
    since: float


def clocks(connection: redis.Redis, prefix: str) -> list[str]:
    """The names of the Clocks that have published a timetable. Raises redis.RedisError."""
    return sorted(text(name) for name in connection.smembers(f"{prefix}:clocks"))


def leading(lease: Mapping[str, str], now: float) -> Presence | None:
    """Who leads by this lease at `now` (Redis's time), if it was heard lately."""
    if not lease.get("owner") or now - int(lease["at"]) / 1000 > SILENT_AFTER:
        return None
    return Presence(lease["host"], int(lease["pid"]), int(lease["epoch"]), int(lease["since"]) / 1000)


def read_standbys(connection: redis.Redis, keys: Keys, lease: Mapping[str, str], now: float) -> list[Presence]:
    """Who else is there and was heard lately. Raises redis.RedisError."""
    leader = lease["owner"] if leading(lease, now) else None
    members = texts(connection.hgetall(keys.named("members")))
    found = [json.loads(facts) for owner, facts in members.items() if owner != leader]
    live = [member for member in found if now - member["at"] / 1000 <= SILENT_AFTER]
    return [Presence(member["host"], member["pid"], None, member["since"] / 1000) for member in live]


def read_present(connection: redis.Redis, keys: Keys, now: float) -> tuple[Presence | None, list[Presence]]:
    """The leader and those that stand by. Raises redis.RedisError."""
    lease = texts(connection.hgetall(keys.named("lease")))
    return leading(lease, now), read_standbys(connection, keys, lease, now)
