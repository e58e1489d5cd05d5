"""What the server says of itself, fetched in one round trip; any part of it may be denied."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import redis

PARAMETERS = ("maxmemory", "maxmemory-policy", "maxclients", "save", "appendonly", "appendfsync")


@dataclass(frozen=True)
class Facts:
    """`info` and `config` hold what was told, nothing where it was denied; `denied` says which, and by what words.

    `skew` is how many seconds the server's time is ahead of this host's, give or take `doubt`.
    """

    info: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, str] = field(default_factory=dict)
    denied: Mapping[str, str] = field(default_factory=dict)
    skew: float | None = None
    doubt: float = 0.0

    def get(self, name: str) -> Any:
        """What INFO calls `name`, else the parameter of that name; None if neither was told."""
        if name in self.info:
            return self.info[name]
        return self.config.get(name.replace("_", "-"))

    def number(self, name: str) -> int | None:
        """Likewise, as a number."""
        value = self.get(name)
        return int(value) if value is not None and str(value).isdecimal() else None

    @property
    def is_replica(self) -> bool:
        return self.get("role") in ("slave", "replica")

    @property
    def is_cluster(self) -> bool:
        return self.number("cluster_enabled") == 1

    @property
    def is_valkey(self) -> bool:
        return "valkey_version" in self.info


def fetch(connection: redis.Redis) -> Facts:
    """Raises redis.RedisError when nothing at all is answered."""
    pipeline = connection.pipeline(transaction=False)
    pipeline.time()
    pipeline.info()
    for name in PARAMETERS:
        pipeline.config_get(name)
    began, asked = time.time(), time.monotonic()
    (now, info, *parameters) = pipeline.execute(raise_on_error=False)
    took = time.monotonic() - asked
    denied = {name: str(said) for name, said in (("INFO", info), ("CONFIG", parameters[0])) if _is_refusal(said)}
    return Facts(
        info=info if isinstance(info, Mapping) else {},
        config=_merged(parameters),
        denied=denied,
        skew=None if _is_refusal(now) else now[0] + now[1] / 1e6 - (began + took / 2),
        doubt=took / 2,
    )


def _is_refusal(answer: Any) -> bool:
    return isinstance(answer, Exception)


def _merged(answers: list[Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for answer in answers:
        if isinstance(answer, Mapping):
            found |= {_text(name): _text(value) for name, value in answer.items()}
    return found


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
