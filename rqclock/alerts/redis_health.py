"""Whether Redis fills up, or throws keys away. Where INFO is denied nothing is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import redis

from rqclock.alerts.finding import Finding
from rqclock.alerts.kinds import REDIS_EVICTS, REDIS_MEMORY

FULL, ROOM = 0.9, 0.8  # of maxmemory: between both nothing changes, so that no alert comes and goes
CALM = 600.0  # seconds without an eviction after which it is over


def read_server(connection: redis.Redis) -> Mapping[str, Any]:
    """The facts of INFO, none where it is denied. Raises redis.ConnectionError and its like."""
    try:
        found: Mapping[str, Any] = connection.info()
    except redis.ResponseError:
        return {}
    return found


class RedisHealth:
    """Follows one server."""

    def __init__(self) -> None:
        self._evicted: tuple[Any, int] | None = None  # the server's run id, and how many keys it has thrown away
        self._last = 0.0

    def look(self, facts: Mapping[str, Any], now: float) -> Iterator[Finding]:
        """What its INFO says at `now` (epoch seconds)."""
        most, used = facts.get("maxmemory", 0), facts.get("used_memory", 0)
        if most:
            yield _memory(used / most, now)
        if "evicted_keys" in facts:
            yield self._evictions(facts, now)

    def _evictions(self, facts: Mapping[str, Any], now: float) -> Finding:
        before, found = self._evicted, (facts.get("run_id"), int(facts["evicted_keys"]))
        self._evicted = found
        more = found[1] - before[1] if before and before[0] == found[0] else 0
        if more > 0:
            self._last = now
            text = f"Redis has thrown {more} keys away to make room (policy {facts.get('maxmemory_policy', '?')})"
            return Finding(REDIS_EVICTS, True, at=now, since=now, text=text)
        if self._last == 0.0:
            self._last = now  # what was before we looked, we cannot tell
        calm = now - self._last > CALM
        return Finding(REDIS_EVICTS, False if calm else None, at=now, text="Redis has thrown no key away for 10 min")


def _memory(share: float, now: float) -> Finding:
    if share >= FULL:
        return Finding(REDIS_MEMORY, True, at=now, since=now, text=f"Redis is filling up: {share:.0%} of its memory")
    well = False if share < ROOM else None
    return Finding(REDIS_MEMORY, well, at=now, text=f"Redis has room again: {share:.0%} of its memory is used")
