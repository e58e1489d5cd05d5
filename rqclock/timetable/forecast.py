"""What a timetable will do, seen before the deploy: clock changes that touch it, and minutes in which much is due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rqclock.timetable.schedules import Schedule

DAY = 86_400
MONTHS_13 = 396 * DAY
CROWD = 50  # schedules in one minute worth a warning
CROWD_LOOK = 2 * DAY


@dataclass(frozen=True)
class Touch:
    """A run of a schedule that a clock change moves, drops or doubles; `text` says how."""

    schedule: Schedule
    tick: int
    text: str


def clock_changes(schedules: Iterable[Schedule], start: int, end: int) -> list[Touch]:
    """Every run that clock changes touch between two instants, by time."""
    found = [
        Touch(schedule, change.tick + schedule.spread, change.text)
        for schedule in schedules
        if schedule.trigger is not None and schedule.enabled
        for change in schedule.trigger.changes(start, end)
    ]
    return sorted(found, key=lambda touch: touch.tick)


def crowded_minutes(schedules: Sequence[Schedule], start: int, end: int) -> Iterator[tuple[int, int]]:
    """The minutes between two instants in which `CROWD` schedules or more are due: instant and how many."""
    if len(schedules) < CROWD:
        return
    counts: Counter[int] = Counter()
    for schedule in schedules:
        counts.update({tick // 60 for tick in schedule.between(start, end)})
    yield from sorted((minute * 60, count) for minute, count in counts.items() if count >= CROWD)
