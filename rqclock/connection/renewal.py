"""Connections that are made anew before they mislead: Redis moves, and an open connection stays where it was.

A managed Redis keeps its address and changes the server behind it. The old one may live on as a read-only replica and
close nothing; redis-py would then send it every write for ever.
"""

from __future__ import annotations

import math
import time
from typing import Any

import redis
from redis.connection import AbstractConnection, Connection, SSLConnection, UnixDomainSocketConnection

LIFE = 30.0  # seconds; who only reads is told by nothing else that its server was replaced
REPLICA = ("READONLY", "MASTERDOWN")  # the first stands in the text where Redis 6.2 refuses a script


class Renewed(AbstractConnection):
    """Made anew when it is next taken from its pool, if it led to a replica, or is older than `life` in seconds."""

    def __init__(self, *args: Any, life: float = LIFE, **options: Any) -> None:
        self._life, self._ends = life, math.inf
        super().__init__(*args, **options)

    def connect(self) -> None:
        if self.is_connected and time.monotonic() >= self._ends:
            self.disconnect()  # type: ignore[no-untyped-call]
        super().connect()  # type: ignore[no-untyped-call]

    def on_connect_check_health(self, check_health: bool = True) -> None:
        super().on_connect_check_health(check_health)
        self._ends = time.monotonic() + self._life

    def read_response(self, *args: Any, **options: Any) -> Any:
        try:
            return super().read_response(*args, **options)
        except redis.ResponseError as error:
            if isinstance(error, redis.ReadOnlyError) or any(word in str(error) for word in REPLICA):
                self._ends = -math.inf
            raise


class Plain(Renewed, Connection):
    pass


class Encrypted(Renewed, SSLConnection):
    pass


class Local(Renewed, UnixDomainSocketConnection):
    pass


KINDS: dict[Any, Any] = {Connection: Plain, SSLConnection: Encrypted, UnixDomainSocketConnection: Local}


def renewed(kind: type[Any]) -> type[Any]:
    """The class of redis-py's connections that is renewed; one that is unknown here stays as it is."""
    found: type[Any] = KINDS.get(kind, kind)
    return found
