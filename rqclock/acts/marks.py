"""Marks of people on the coming ticks, as they lie in Redis: each is written in one step with its activity entry."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import redis

from rqclock.acts.activity import ALL, Entry, announce
from rqclock.errors import RqclockError
from rqclock.store.keys import Keys
from rqclock.store.replies import text, texts
from rqclock.store.scripts import Scripts
from rqclock.store.server_now import Now, asking
from rqclock.timetable.schedules import Schedule

TRIES = 5
T = TypeVar("T")
Target = Schedule | None  # None: all schedules


class Changed(RqclockError):
    """What was seen stands there no more: look again."""


@dataclass(frozen=True)
class Mark:
    """What is to stand in a hash for a target; None takes it away.

    `seen` is the raw text that must stand there now (None: whatever does), `undecided` a tick that must not be
    decided yet.
    """

    hash: str
    target: Target
    value: dict[str, Any] | None
    seen: str | None = None
    undecided: int | None = None


class Marks:
    """Reads and writes them for one Clock."""

    def __init__(self, connection: redis.Redis, keys: Keys, now: Now | None = None) -> None:
        self.connection = connection
        self.now = asking(connection, keys, now)
        self.keys = keys
        self._scripts = Scripts(connection)

    def read(self, hash_: str) -> dict[str, dict[str, Any]]:
        """All marks of a hash by slug; what is no JSON object comes as an empty one."""
        return {slug: _values(raw) for slug, raw in texts(self.connection.hgetall(self.keys.named(hash_))).items()}

    def raw(self, hash_: str, target: Target) -> str | None:
        """The text that stands there for a target."""
        found = self.connection.hget(self.keys.named(hash_), slug_of(target))
        return None if found is None else text(found)

    def write(self, mark: Mark, entry: Entry) -> None:
        """Write the mark with its entry, or nothing. Raises Changed, RqclockError (no such schedule), redis errors."""
        value = "" if mark.value is None else _packed(mark.value)
        seen = "-" if mark.seen is None else mark.seen
        undecided = "" if mark.undecided is None else mark.undecided
        field = slug_of(mark.target)
        answer, detail = self._scripts.call(
            "mark", self.keys.root, mark.hash, field, seen, value, undecided, entry.packed()
        )
        if answer == b"unknown":
            raise RqclockError(f"{name_of(mark.target)!r} is in no timetable in force: start a clock first")
        if answer == b"wrong type":
            raise RqclockError(f"the Redis key {text(detail)} holds something else: rename or delete it")
        if answer == b"changed":
            raise Changed(f"others are changing {name_of(mark.target)!r} at this moment: look, and try again")
        announce(entry)


def insist(step: Callable[[], T]) -> T:
    """Take the step; again when another person, or the tick itself, was faster. Raises Changed in the end."""
    for _ in range(TRIES - 1):
        try:
            return step()
        except Changed:
            continue
    return step()


def slug_of(target: Target) -> str:
    """The field of a target."""
    return ALL if target is None else target.slug


def name_of(target: Target) -> str:
    """The name of a target in the activity."""
    return ALL if target is None else target.name


def _packed(values: dict[str, Any]) -> str:
    return json.dumps({name: value for name, value in values.items() if value is not None}, ensure_ascii=False)


def _values(raw: str) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
