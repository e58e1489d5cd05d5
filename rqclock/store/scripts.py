"""The Lua scripts: every write of ours to Redis is one of them, so that each happens wholly or not at all."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import redis

IMPORT = "--import "


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
    """The script; those of `lua/shared` that its first line imports go before."""
    script = _read(name)
    first, _, rest = script.partition("\n")
    if not first.startswith(IMPORT):
        return script
    return "".join(_read(f"shared/{one}") for one in first.removeprefix(IMPORT).split()) + rest


def _read(name: str) -> str:
    return (files("rqclock") / "lua" / f"{name}.lua").read_text(encoding="utf-8")
