"""Which definition of a schedule held when: the base on which any past instant can be explained."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import redis

from rqclock.jobs.decorator import JobOptions
from rqclock.store.keys import Keys
from rqclock.store.replies import text
from rqclock.timetable.schedules import Schedule, Target


@dataclass(frozen=True)
class Version:
    """A definition, in force for the ticks later than `began` and not later than `ended` (None: it still is).

    `known` False: another version of rqclock wrote it and it cannot be read; then `schedule` has no ticks.
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
    return parse(slug, [json.loads(item) for item in connection.lrange(keys.of("versions", slug), 0, -1)])


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
    nothing = Schedule(str(definition.get("name", slug)), slug, None, Target("", (), {}, JobOptions()))
    return Version(nothing, began, ended, known=False)


def slugs(connection: redis.Redis, keys: Keys) -> list[str]:
    """The slugs of all schedules that are or were in the timetable. Raises redis.RedisError."""
    found = [*connection.hkeys(keys.named("definitions")), *connection.hkeys(keys.named("retired"))]
    return sorted({text(slug) for slug in found})


def ticks(versions: Sequence[Version], start: int, end: int) -> Iterator[int]:
    """The ticks of all versions later than `start` and not later than `end`, in order."""
    for version in versions:
        yield from version.between(start, end)
