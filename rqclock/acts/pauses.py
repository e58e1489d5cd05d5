"""Pausing a schedule, or all of them, and resuming. The fire script obeys.

The end of a pause is an instant, not a deletion: what was due before it and is not decided yet (the clock was down)
is still skipped, and nothing bursts out at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import redis

from rqclock.acts.activity import ALL, By, Entry
from rqclock.acts.marks import Mark, Marks, Target, insist, name_of, slug_of
from rqclock.errors import RqclockError
from rqclock.store.in_force import next_run, read_schedules
from rqclock.store.keys import Keys
from rqclock.store.server_now import Now
from rqclock.store.ticks import iso
from rqclock.timetable.schedules import Schedule

COUNTED = 10_000  # ticks of a pause that a preview counts
COMING = 5


@dataclass(frozen=True)
class Pause:
    """A pause of a schedule (by slug) or of all (`*`), from `at` on; `until` (epoch seconds) None: till resumed."""

    slug: str
    by: str
    why: str
    at: float
    until: int | None = None

    def words(self) -> str:
        """`paused by Ann: the register is down`."""
        return By(self.by, self.why).words("paused")


@dataclass(frozen=True)
class Preview:
    """What a resumption means: how many ticks the pause took (`more` than were counted?), and what runs next.

    `still` holds the other pauses under which these schedules stay.
    """

    pause: Pause
    came: int
    more: bool
    next: list[tuple[int, Schedule]] = field(default_factory=list)
    still: list[Pause] = field(default_factory=list)


class Pauses:
    """The pauses of one Clock. A target is a schedule, or None for all of them."""

    def __init__(self, connection: redis.Redis, keys: Keys, now: Now | None = None) -> None:
        self._marks = Marks(connection, keys, now)

    def in_force(self, now: float | None = None) -> dict[str, Pause]:
        """The pauses in force, by slug (`*`: all). Raises redis.RedisError."""
        at = self._marks.now() if now is None else now
        found = {slug: _pause(slug, values) for slug, values in self._marks.read("paused").items()}
        return {slug: pause for slug, pause in found.items() if pause and (pause.until is None or at < pause.until)}

    def pause(self, target: Target, by: By, *, until: int | None = None) -> Pause | None:
        """Let nothing of the target be enqueued, until an instant or till resumed. Returns the pause that it replaces.

        Raises RqclockError when `until` is past or no clock knows the schedule, redis.RedisError.
        """
        now = self._marks.now()
        if until is not None and until <= now:
            raise RqclockError(f"a pause until {iso(until)} would be over already: it is {iso(now)}")
        if target is not None and target.trigger is None:
            raise RqclockError(f"{target.name!r} runs on demand only: there is nothing to pause")
        before = self.in_force(now).get(slug_of(target))
        value = {"by": by.who, "why": by.why, "at": now, "until": until}
        detail = {"until": iso(until)} if until is not None else None
        self._marks.write(
            Mark("paused", target, value), Entry.of("paused", by, schedule=name_of(target), detail=detail)
        )
        return before

    def preview(self, target: Target) -> Preview | None:
        """What `resume` would mean now; None when the target is not paused by itself. Raises redis.RedisError."""
        now = self._marks.now()
        pauses = self.in_force(now)
        pause = pauses.pop(slug_of(target), None)
        if pause is None:
            return None
        still = [*pauses.values()] if target is None else [pauses[ALL]] if ALL in pauses else []
        schedules = read_schedules(self._marks.connection, self._marks.keys) if target is None else [target]
        came = len(list(islice(_came(schedules, pause.at, now), COUNTED + 1)))
        free = [schedule for schedule in schedules if not {ALL, schedule.slug} & set(pauses)]
        return Preview(pause, min(came, COUNTED), came > COUNTED, _coming(free, now), still)

    def resume(self, target: Target, by: By) -> Preview | None:
        """End the pause; what was due in it stays skipped. None when there was none. Raises redis.RedisError."""
        return insist(lambda: self._resume(target, by))

    def _resume(self, target: Target, by: By) -> Preview | None:
        seen = self._marks.raw("paused", target)
        preview = self.preview(target)
        if preview is None or seen is None:
            return None
        now = self._marks.now()
        pause = preview.pause
        value = {"by": pause.by, "why": pause.why, "at": pause.at, "until": int(now) + 1, "lifted": now}
        entry = Entry.of("resumed", by, schedule=name_of(target), detail={"paused_by": pause.by, "came": preview.came})
        self._marks.write(Mark("paused", target, value, seen=seen), entry)
        return preview


def _came(schedules: list[Schedule], start: float, end: float) -> Iterator[int]:
    return (tick for schedule in schedules for tick in schedule.between(int(start), int(end)))


def _coming(schedules: list[Schedule], now: float) -> list[tuple[int, Schedule]]:
    """The first runs after `now` of any of them."""
    runs = [(tick, schedule) for schedule in schedules if (tick := next_run(schedule, int(now))) is not None]
    return sorted(runs, key=lambda run: run[0])[:COMING]


def _pause(slug: str, values: Mapping[str, Any]) -> Pause | None:
    """The pause, None when it was lifted. What cannot be read counts as one, as it does for the fire script."""
    if "lifted" in values:
        return None
    until = values.get("until")
    known_until = int(until) if isinstance(until, (int, float)) else None
    at = values.get("at")
    since = float(at) if isinstance(at, (int, float)) else 0.0
    return Pause(slug, str(values.get("by") or "?"), str(values.get("why") or ""), since, known_until)
