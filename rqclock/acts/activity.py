"""What people (and the clock itself) did to the timetable: kept 90 days in Redis, and one JSON log line each."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import redis

from rqclock.store.keys import Keys
from rqclock.store.replies import text
from rqclock.store.scripts import Scripts
from rqclock.store.ticks import iso

log = logging.getLogger("rqclock.activity")
ALL = "*"  # in the place of a schedule: all of them
STATE_LOST = "state lost"
WHO_LENGTH, WHY_LENGTH = 100, 500
CHUNK = 500


@dataclass(frozen=True)
class By:
    """Who does something, why, and from where ("cli on web-1", an IP address). What no line can show is left out."""

    who: str
    why: str = ""
    where: str = ""

    def __post_init__(self) -> None:
        for name, length in (("who", WHO_LENGTH), ("why", WHY_LENGTH), ("where", WHO_LENGTH)):
            object.__setattr__(self, name, _one_line(getattr(self, name), length))

    def words(self, done: str) -> str:
        """`paused by Ann: the register is down`."""
        return f"{done} by {self.who}" + (f": {self.why}" if self.why else "")


@dataclass(frozen=True)
class Entry:
    """One act. `schedule` is a name, `*` for all; `at` (epoch seconds) is set by Redis, `detail` is free JSON.

    A clock that finds that Redis has lost decisions says `STATE_LOST`, with `from` and `to` in `detail`: the span
    (epoch seconds) that an audit cannot verify.
    """

    what: str
    who: str
    schedule: str = ""
    why: str = ""
    where: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    at: float = 0.0

    @classmethod
    def of(cls, what: str, by: By, *, schedule: str = "", detail: dict[str, Any] | None = None) -> Entry:
        """The entry of what a person did."""
        return cls(what, by.who, schedule, by.why, by.where, detail or {})

    def packed(self) -> str:
        """As it lies in the stream; its time is that of its place there."""
        return json.dumps(self.told(), ensure_ascii=False, separators=(",", ":"))

    def told(self) -> dict[str, Any]:
        """All but its time."""
        return {name: value for name, value in asdict(self).items() if name != "at"}

    def facts(self) -> dict[str, Any]:
        """The entry for programs."""
        return {"at": iso(self.at)} | self.told()


def record(connection: redis.Redis, keys: Keys, entry: Entry) -> None:
    """Keep the entry and log it. Raises redis.RedisError; then it is not logged either."""
    Scripts(connection).call("record", keys.root, entry.packed())
    announce(entry)


def announce(entry: Entry) -> None:
    """Log an entry that a script has kept. The line has a time of its own."""
    said = By(entry.who, entry.why).words(f"{entry.what} {entry.schedule}".strip())
    log.info("%s", said, extra={"event": "activity"} | entry.told())


def read(
    connection: redis.Redis, keys: Keys, *, since: float | None = None, limit: int | None = None
) -> Iterator[Entry]:
    """The entries from `since` (epoch seconds) on, newest first, at most `limit`. Raises redis.RedisError."""
    lowest = "-" if since is None else str(int(since * 1000))
    highest, left = "+", limit
    while left is None or left > 0:
        count = CHUNK if left is None else min(CHUNK, left)
        found: Any = connection.xrevrange(keys.named("activity"), highest, lowest, count=count)
        yield from (_entry(place, values) for place, values in found)
        if len(found) < count:
            return
        highest = f"({text(found[-1][0])}"
        left = None if left is None else left - count


def lost_spans(connection: redis.Redis, keys: Keys) -> list[tuple[int, int]]:
    """The spans (from, to) of which a clock said that Redis had lost its decisions."""
    lost = [entry.detail for entry in read(connection, keys) if entry.what == STATE_LOST]
    return [(int(detail["from"]), int(detail["to"])) for detail in lost if {"from", "to"} <= set(detail)]


def _entry(place: bytes, values: dict[bytes, bytes]) -> Entry:
    try:
        known = json.loads(values[b"entry"])
        return Entry(**{name: known[name] for name in Entry.__dataclass_fields__ if name in known}, at=_instant(place))
    except (KeyError, TypeError, ValueError):  # somebody else's: shown, so that it is seen
        return Entry("unreadable", "?", detail={"raw": text(next(iter(values.values()), b""))}, at=_instant(place))


def _instant(place: Any) -> float:
    return int(text(place).partition("-")[0]) / 1000


def _one_line(value: str, length: int) -> str:
    known = value.encode("utf-8", "replace").decode()  # an argument of a shell may hold half a character
    printable = "".join(letter if letter.isprintable() else " " for letter in known)
    return " ".join(printable.split())[:length]
