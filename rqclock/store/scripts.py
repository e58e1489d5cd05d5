"""The Lua scripts: every write of ours to Redis is one of them, so that each happens wholly or not at all."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import redis


class Scripts:
    """The scripts of `rqclock/lua`, called by name; sent once to a server, afterwards by their hash."""

    def __init__(self, connection: redis.Redis) -> None:
        self._connection = connection
        self._registered: dict[str, Any] = {}

    def call(self, name: str, *args: Any) -> Any:
        """Run `lua/NAME.lua`. Raises redis.RedisError."""
        if name not in self._registered:
            self._registered[name] = self._connection.register_script(_source(name))
        return self._registered[name](args=args)


@cache
def _source(name: str) -> str:
    return (files("rqclock") / "lua" / f"{name}.lua").read_text(encoding="utf-8")
