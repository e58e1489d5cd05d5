"""What becomes of the ticks between a schedule's cursor and now. Pure: `now` is an argument."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rqclock.timetable.schedules import Schedule

Decision = Literal["enqueued", "skipped", "missed", "refused"]
FAR = float("inf")
COUNTED = 10_000  # ticks of a gap that are counted; beyond, the row says from and to alone


@dataclass(frozen=True)
class Due:
    """A tick to be enqueued; `late` says that it is caught up."""

    tick: int
    late: bool = False


@dataclass(frozen=True)
class Gap:
    """A span of ticks that are missed, both ends included; `count` None means that nobody counted."""

    tick: int
    first: int
    count: int | None
    why: Literal["down", "window"]


@dataclass
class Course:
    """A schedule being followed from its cursor on. It remembers its last answer, which is asked for again next."""

    schedule: Schedule
    cursor: int
    _asked: int | None = None
    _answer: int | None = None

    def after(self, instant: int) -> int | None:
        """The first tick later than `instant`."""
        if instant != self._asked:
            self._asked, self._answer = instant, self.schedule.after(instant)
        return self._answer

    def between(self, start: int, end: int) -> Iterator[int]:
        """The ticks later than `start` and not later than `end`."""
        tick = self.after(start)
        while tick is not None and tick <= end:
            yield tick
            tick = self.after(tick)

    @property
    def next(self) -> int | None:
        """The first undecided tick."""
        return self.after(self.cursor)


def plan(course: Course, now: float) -> list[Due | Gap]:
    """The ticks later than the cursor and not later than `now`, in order, each once: due, or in a gap.

    Ticks up to `late_ok` late are due whatever the policy, so that a takeover loses nothing. Of the later ones inside
    `catch_up_within`, "all" enqueues all, "latest" the last unless a newer one is due anyway, "none" none.
    """
    policies, cursor, until = course.schedule.policies, course.cursor, int(now)
    first = course.next
    if first is not None and first <= now <= first + policies.late_ok and (course.after(first) or FAR) > now:
        return [Due(first)]  # what nearly always is so
    start = max(cursor, until - max(policies.catch_up_within, policies.late_ok) - 1)
    ticks = list(course.between(start, until))
    fresh = [tick for tick in ticks if now - tick <= policies.late_ok]
    late = ticks[: len(ticks) - len(fresh)]
    kept = _kept(late, bool(fresh), policies.catch_up)
    missed = late[: len(late) - len(kept)]
    steps: list[Due | Gap] = _gaps(course.schedule, cursor, start, missed)
    return steps + [Due(tick, late=True) for tick in kept] + [Due(tick) for tick in fresh]


def _kept(late: list[int], newer: bool, catch_up: str) -> list[int]:
    if catch_up == "all":
        return late
    return late[-1:] if catch_up == "latest" and not newer else []


def _gaps(schedule: Schedule, cursor: int, start: int, missed: list[int]) -> list[Due | Gap]:
    older = _older(schedule, cursor, start)
    if older is None and missed:
        return [Gap(missed[-1], missed[0], len(missed), "down")]
    if older is not None and missed:
        count = older.count + len(missed) if older.count is not None else None
        return [Gap(missed[-1], older.first, count, "window")]
    return [older] if older else []


def _older(schedule: Schedule, cursor: int, start: int) -> Gap | None:
    """The ticks before the window, as one gap."""
    first = schedule.after(cursor) if start > cursor else None
    if first is None or first > start:
        return None
    last, count = first, 1
    for tick in schedule.between(first, start):
        last, count = tick, count + 1
        if count > COUNTED:
            return Gap(start, first, None, "window")
    return Gap(last, first, count, "window")
