"""Letting one run out: the next one of a schedule is skipped, by whom and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import redis

from rqclock.acts.activity import By, Entry
from rqclock.acts.marks import Mark, Marks, insist
from rqclock.errors import RqclockError
from rqclock.store.in_force import next_run
from rqclock.store.keys import Keys
from rqclock.store.replies import number
from rqclock.store.server_now import Now
from rqclock.store.ticks import iso
from rqclock.timetable.schedules import Schedule


@dataclass(frozen=True)
class Skip:
    """The run of a schedule (by slug) that is let out. `already`: it was marked before, by these."""

    slug: str
    tick: int
    by: str
    why: str = ""
    already: bool = False

    def words(self) -> str:
        """`skipped by Ann: the register is down`."""
        return By(self.by, self.why).words("skipped")


class Skips:
    """The runs to be skipped of one Clock."""

    def __init__(self, connection: redis.Redis, keys: Keys, now: Now | None = None) -> None:
        self._marks = Marks(connection, keys, now)

    def coming(self, now: float | None = None) -> dict[str, Skip]:
        """The runs that are still to be skipped, by slug. Raises redis.RedisError."""
        at = self._marks.now() if now is None else now
        found = {slug: _skip(slug, values) for slug, values in self._marks.read("skips").items()}
        return {slug: skip for slug, skip in found.items() if skip and skip.tick > at}

    def skip_next(self, schedule: Schedule, by: By) -> Skip:
        """Let the next run out; when it is to be skipped already, that stands.

        Raises RqclockError when there is no next run, redis.RedisError.
        """
        return insist(lambda: self._skip_next(schedule, by))

    def _skip_next(self, schedule: Schedule, by: By) -> Skip:
        now = self._marks.now()
        earlier = self.coming(now).get(schedule.slug)
        if earlier:
            return replace(earlier, already=True)
        decided = self._marks.connection.hget(self._marks.keys.named("cursors"), schedule.slug)
        tick = next_run(schedule, max(int(now), number(decided, where=f"the cursor of {schedule.slug}") or 0))
        if tick is None:
            raise RqclockError(f"{schedule.name!r} has no next run to skip")
        value = {"tick": tick, "by": by.who, "why": by.why, "at": now}
        entry = Entry.of("skip next", by, schedule=schedule.name, detail={"tick": iso(tick)})
        self._marks.write(Mark("skips", schedule, value, undecided=tick), entry)
        return Skip(schedule.slug, tick, by.who, by.why)

    def take_back(self, schedule: Schedule, by: By) -> Skip | None:
        """Let it run after all. None when no run is marked, or it is past. Raises redis.RedisError."""
        seen = self._marks.raw("skips", schedule)
        skip = self.coming().get(schedule.slug)
        if skip is None or seen is None:
            return None
        entry = Entry.of("skip next taken back", by, schedule=schedule.name, detail={"tick": iso(skip.tick)})
        self._marks.write(Mark("skips", schedule, None, seen=seen), entry)
        return skip


def _skip(slug: str, values: Mapping[str, Any]) -> Skip | None:
    if not isinstance(values.get("tick"), int):
        return None
    return Skip(slug, values["tick"], str(values.get("by") or "?"), str(values.get("why") or ""))
