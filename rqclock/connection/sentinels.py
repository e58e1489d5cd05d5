"""The Sentinels that know which server is the master, and connections that ask them."""

from __future__ import annotations

import time
from typing import Any

import redis
from redis.connection import SSLConnection
from redis.sentinel import MasterNotFoundError, Sentinel, SentinelManagedConnection

LOOK = 1.0  # seconds between two looks whether the master is still the same
LOOK_AGAIN = 60.0  # seconds after a look for which no Sentinel answered
PATIENCE = 1.0  # seconds for one Sentinel: the next one may know


class NoMaster(MasterNotFoundError):
    """`refused`: what the Sentinels said that could not be asked; empty when they know of no master that is up."""

    def __init__(self, service: str, refused: list[redis.RedisError]) -> None:
        said = "; ".join(dict.fromkeys(str(error) for error in refused))
        super().__init__(f"No master found for {service!r}" + (f": {said}" if said else ""))
        self.refused = refused


class Sentinels(Sentinel):
    """Asks one after the other, the one that answered last time first.

    redis-py's own answer to failure names every option of every connection, 3 KB for each try, and not its reason.
    """

    def discover_master(self, service_name: str) -> tuple[str, int]:
        refused: list[redis.RedisError] = []
        for sentinel in self.sentinels:
            try:
                masters: Any = sentinel.sentinel_masters()
            except (redis.ConnectionError, redis.TimeoutError) as error:
                refused.append(error)
                continue
            state = masters.get(service_name)
            if state and self.check_master_state(state, service_name):  # type: ignore[no-untyped-call]
                self.sentinels = [sentinel, *(other for other in self.sentinels if other is not sentinel)]
                return state["ip"], state["port"]
        raise NoMaster(service_name, refused)

    @classmethod
    def like(cls, other: Sentinel) -> Sentinels:
        """With the connections of a Sentinel that somebody else has made."""
        made = cls([], sentinel_kwargs=other.sentinel_kwargs)
        made.sentinels = other.sentinels
        return made


class Led(SentinelManagedConnection):
    """Looks now and then, when taken from its pool, whether Sentinel has made another server the master.

    In a failover for maintenance the old master goes on for ten seconds, takes writes, closes nothing, and then throws
    away what it was told.
    """

    def __init__(self, **options: Any) -> None:
        pool = options["connection_pool"]
        if not isinstance(pool.sentinel_manager, Sentinels):
            pool.sentinel_manager = Sentinels.like(pool.sentinel_manager)
        self._look_at = 0.0
        super().__init__(**options)  # type: ignore[no-untyped-call]

    def connect(self) -> None:
        if self.is_connected and time.monotonic() >= self._look_at:
            self._look()
        super().connect()  # type: ignore[no-untyped-call]

    def connect_to(self, address: tuple[str, int]) -> None:
        self._look_at = time.monotonic() + LOOK
        super().connect_to(address)  # type: ignore[no-untyped-call]

    def _look(self) -> None:
        try:
            master = self.connection_pool.get_master_address()
        except (redis.ConnectionError, redis.TimeoutError):  # no reason to leave a server that may be well
            self._look_at = time.monotonic() + LOOK_AGAIN
            return
        self._look_at = time.monotonic() + LOOK
        if master != (self.host, self.port):
            self.disconnect()  # type: ignore[no-untyped-call]


class LedEncrypted(Led, SSLConnection):
    pass
