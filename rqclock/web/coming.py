"""The coming runs of a schedule, with what the calendar, a clock change or a person does to each."""

from __future__ import annotations

from dataclasses import dataclass

from rqclock.acts.pauses import Pause
from rqclock.acts.skips import Skip
from rqclock.timetable import retries
from rqclock.timetable.schedules import Schedule

SHOWN = 5


@dataclass(frozen=True)
class Coming:
    """A run to come; `left_out` says why it will not be, `note` what is special about its time."""

    tick: int
    left_out: str | None
    note: str | None


def coming(schedule: Schedule, *, pause: Pause | None, skip: Skip | None, now: int) -> list[Coming]:
    """The next of them, those that will be left out included."""
    found: list[Coming] = []
    tick = schedule.after(now)
    while tick is not None and len(found) < SHOWN:
        found.append(Coming(tick, _left_out(schedule, tick, pause, skip), schedule.note(tick)))
        tick = schedule.after(tick)
    return found


def _left_out(schedule: Schedule, tick: int, pause: Pause | None, skip: Skip | None) -> str | None:
    if pause is not None and (pause.until is None or tick < pause.until):
        return pause.words()
    if skip is not None and skip.tick == tick:
        return skip.words()
    return schedule.veto(tick)


def policies(schedule: Schedule) -> list[tuple[str, str]]:
    """How the schedule behaves when things go wrong, in plain words."""
    kept, options = schedule.policies, retries.in_force(schedule)
    late = {"latest": "the last one runs, the others are listed as missed", "all": "all of them run"}
    found = [
        ("Runs at once", "the next is skipped while one runs" if kept.overlap == "skip" else "a run may overlap"),
        ("Due while the clock was down", late.get(kept.catch_up, "they are listed as missed")),
        ("A run may take", "as long as it takes" if options.timeout < 0 else seconds(options.timeout)),
        ("When it fails", f"tried {options.retries} more times" if options.retries else "not tried again"),
    ]
    if kept.catch_up != "none":
        found.insert(2, ("Caught up at most", f"{seconds(kept.catch_up_within)} back"))
    promises = {"Must start within": kept.must_start_within, "Must finish within": kept.must_finish_within}
    found += [(words, seconds(within)) for words, within in promises.items() if within is not None]
    return found if schedule.trigger else found[-2:]


def seconds(count: int) -> str:
    """
    >>> seconds(600), seconds(43200), seconds(90), seconds(3600)
    ('10 minutes', '12 hours', '90 seconds', '1 hour')
    """
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if count % size == 0:
            number = count // size
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return f"{count} seconds"
