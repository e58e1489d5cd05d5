"""What people (and the clock itself) did to the timetable: kept 90 days in Redis, and one JSON log line each."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import redis

from rqclock.store.keys import Keys
from rqclock.store.replies import text
from rqclock.store.scripts import Scripts
from rqclock.store.ticks import iso, slug

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

    A clock that finds that Redis has lost decisions says `STATE_LOST`, with `from`, `to` and `schedules` (names, or
    "all") in `detail`: see `LostSpan`.
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

    def details(self) -> dict[str, Any]:
        """The details for people: names one behind the other."""
        joined = {name: ", ".join(map(str, value)) for name, value in self.detail.items() if isinstance(value, list)}
        return self.detail | joined


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


@dataclass(frozen=True)
class LostSpan:
    """A span (epoch seconds) of which a clock said that Redis had lost its decisions on these schedules.

    `slugs` are those that they had then, None for all of them.
    """

    start: int
    end: int
    slugs: frozenset[str] | None

    @classmethod
    def of(cls, detail: Mapping[str, Any]) -> LostSpan:
        """What a clock has told. One of an earlier version named no schedules, and told numbers."""
        names = detail.get("schedules")
        slugs = frozenset(slug(str(name)) for name in names) if isinstance(names, list) else None
        return cls(_told(detail.get("from")), _told(detail.get("to")), slugs)


def lost_spans(connection: redis.Redis, keys: Keys) -> list[LostSpan]:
    """All that are kept. Raises redis.RedisError."""
    return [LostSpan.of(entry.detail) for entry in read(connection, keys) if entry.what == STATE_LOST]


def _told(instant: Any) -> int:
    """A number, or an ISO time, in epoch seconds; 0 for anything else, such as "the beginning"."""
    try:
        return int(datetime.fromisoformat(instant).timestamp()) if isinstance(instant, str) else int(instant)
    except (TypeError, ValueError):
        return 0


def _entry(place: bytes, values: dict[bytes, bytes]) -> Entry:
    try:
        known = json.loads(values[b"entry"])
        known["detail"] = dict(known.get("detail", {}))
        return Entry(**{name: known[name] for name in Entry.__dataclass_fields__ if name in known}, at=_instant(place))
    except (KeyError, TypeError, ValueError):  # somebody else's: shown, so that it is seen
        return Entry("unreadable", "?", detail={"raw": text(next(iter(values.values()), b""))}, at=_instant(place))


def _instant(place: Any) -> float:
    return int(text(place).partition("-")[0]) / 1000


def _one_line(value: str, length: int) -> str:
    known = value.encode("utf-8", "replace").decode()  # an argument of a shell may hold half a character
    printable = "".join(letter if letter.isprintable() else " " for letter in known)
    return " ".join(printable.split())[:length]
