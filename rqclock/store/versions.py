"""Which definition of a schedule held when: the base on which any past instant can be explained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import redis

from rqclock.jobs.decorator import JobOptions
from rqclock.store.keys import Keys
from rqclock.store.replies import json_object, leave_out, text
from rqclock.timetable.schedules import Schedule, Target


@dataclass(frozen=True)
class Version:
    """A definition, in force for the ticks later than `began` and not later than `ended` (None: it still is).

    `known` False: another version of rqclock (or somebody else) wrote it and it cannot be read; then `schedule` has no
    ticks.
    """

    schedule: Schedule
    began: int
    ended: int | None = None
    known: bool = True

    def holds(self, instant: int) -> bool:
        """Whether a tick at that instant is this definition's."""
        return self.began < instant and (self.ended is None or instant <= self.ended)

    def between(self, start: int, end: int) -> Iterator[int]:
        """Its ticks later than `start` and not later than `end`."""
        last = end if self.ended is None else min(end, self.ended)
        return self.schedule.between(max(start, self.began), last)


def read_versions(connection: redis.Redis, keys: Keys, slug: str) -> list[Version]:
    """All versions of a schedule that are kept, oldest first. Raises redis.RedisError."""
    key = keys.of("versions", slug)
    where = f"a definition of {slug} in the Redis key {key}"
    try:
        found: Any = connection.lrange(key, 0, -1)
    except redis.ResponseError as error:
        if not str(error).startswith("WRONGTYPE"):
            raise
        found = [""]
    return parse(slug, list(_items((json_object(item, where=where) for item in found), where)))


def _items(found: Iterable[dict[str, Any] | None], where: str) -> Iterator[dict[str, Any]]:
    """The same, what cannot be read as a definition that nobody knows, of the time since the one before began."""
    start = 0
    for item in found:
        at = (item or {}).get("began", (item or {}).get("ended"))
        if item is None or not isinstance(at, int):
            leave_out(where)
            yield {"began": start, "definition": {}}
        else:
            start = at
            yield item


def parse(slug: str, items: Sequence[dict[str, Any]]) -> list[Version]:
    """The versions of a list of `{"began", "definition"}` and `{"ended"}`, all under today's slug."""
    starts = [int(item.get("began", item.get("ended", 0))) for item in items]
    ends: list[int | None] = [*starts[1:], None][: len(starts)]
    return [
        _version(slug, item["definition"], began, ended)
        for item, began, ended in zip(items, starts, ends, strict=True)
        if "definition" in item
    ]


def _version(slug: str, definition: dict[str, Any], began: int, ended: int | None) -> Version:
    schedule = Schedule.understood(definition)
    if schedule is not None:
        return Version(replace(schedule, slug=slug), began, ended)
    name = definition.get("name", slug) if isinstance(definition, dict) else slug
    nothing = Schedule(str(name), slug, None, Target("", (), {}, JobOptions()))
    return Version(nothing, began, ended, known=False)


def slugs(connection: redis.Redis, keys: Keys) -> list[str]:
    """The slugs of all schedules that are or were in the timetable. Raises redis.RedisError."""
    found = [*connection.hkeys(keys.named("definitions")), *connection.hkeys(keys.named("retired"))]
    return sorted({text(slug) for slug in found})


def ticks(versions: Sequence[Version], start: int, end: int) -> Iterator[int]:
    """The ticks of all versions later than `start` and not later than `end`, in order."""
    for version in versions:
        yield from version.between(start, end)
