"""Why a connection failed, in words with a remedy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """`name` is that of the check. `is_slowness`: nothing is wrong but time."""

    name: str
    what: str
    why: str
    remedy: str
    is_slowness: bool = False
