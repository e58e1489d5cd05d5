"""The next 24 hours as a picture: a lane for each schedule, a dot for each run, a bar where they come close. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rqclock.timetable.schedules import Schedule
from rqclock.web.moments import zone_of

DAY = 86_400
HOUR = 3600
CLOSE = 12 * 60  # seconds; runs nearer than this are drawn as one bar
LANES = 16
LABEL, WIDTH, LANE, HEAD = 250, 1000, 24, 30  # units of the drawing
NAME = 30  # letters of a name that fit


@dataclass(frozen=True)
class Bar:
    """Runs between two places; a single run where both are the same."""

    x: float
    width: float
    first: int
    last: int


@dataclass(frozen=True)
class Lane:
    name: str
    label: str
    y: int
    bars: tuple[Bar, ...]
    still: bool


@dataclass(frozen=True)
class Hour:
    """A line of the grid; `day` names the day that begins there."""

    x: float
    label: str
    day: str


@dataclass(frozen=True)
class Timeline:
    lanes: tuple[Lane, ...]
    hours: tuple[Hour, ...]
    left_out: int
    height: int
    width: int = WIDTH
    label: int = LABEL

    @property
    def spoken(self) -> str:
        due = [lane for lane in self.lanes if lane.bars and not lane.still]
        return f"The next 24 hours: {len(due)} of the {len(self.lanes)} schedules shown are due"


def timeline(schedules: Sequence[tuple[Schedule, bool]], *, zone: str, now: int) -> Timeline:
    """Of each schedule (and whether it is paused), soonest first; at most `LANES`."""
    drawn = [(schedule, still, bars(schedule, now)) for schedule, still in schedules[: LANES * 4]]
    due = sorted((one for one in drawn if one[2]), key=lambda one: (one[2][0].first, one[0].name))
    lanes = [
        Lane(schedule.name, short(schedule.name), HEAD + n * LANE, found, still)
        for n, (schedule, still, found) in enumerate(due[:LANES])
    ]
    left_out = len(schedules) - len(drawn) + max(0, len(due) - LANES)
    return Timeline(tuple(lanes), hours(zone, now), left_out, HEAD + len(lanes) * LANE + 6)


def bars(schedule: Schedule, now: int) -> tuple[Bar, ...]:
    """Its runs of the next day. Of those that come close only as many are worked out as the picture can tell apart."""
    found, tick, end = [], schedule.after(now), now + DAY
    while tick is not None and tick <= end:
        last = _last_of_row(schedule, tick, end)
        found.append(Bar(place(tick, now), round(place(last, now) - place(tick, now), 1), tick, last))
        tick = schedule.after(last)
    return tuple(found)


def _last_of_row(schedule: Schedule, tick: int, end: int) -> int:
    """The last of the runs that follow close upon one another, from `tick` on."""
    while True:
        ahead = schedule.after(tick + CLOSE // 2 - 1)
        if ahead is None or ahead > min(tick + CLOSE, end):
            near = list(schedule.between(tick, min(tick + CLOSE // 2 - 1, end)))
            if not near:
                return tick
            ahead = near[-1]
        tick = ahead


def place(instant: float, now: int) -> float:
    return round(LABEL + (instant - now) / DAY * (WIDTH - LABEL - 12), 1)


def hours(zone: str, now: int) -> tuple[Hour, ...]:
    """The full hours by that zone's clocks, every third of them labelled. Steps are real hours, so that on the nights
    of the clock change the labels show what the clocks on the wall do."""
    info = zone_of(zone)
    at = datetime.fromtimestamp(now, info)
    full = now - at.minute * 60 - at.second
    instants = [full + HOUR * n for n in range(1, 26)]
    found = [(instant, datetime.fromtimestamp(instant, info)) for instant in instants if now < instant <= now + DAY]
    return tuple(
        Hour(
            place(instant, now),
            f"{local:%H:%M}" if local.hour % 3 == 0 else "",
            f"{local:%a} {local.day} {local:%b}" if local.hour == 0 else "",
        )
        for instant, local in found
    )


def short(name: str) -> str:
    return name if len(name) <= NAME else f"{name[: NAME - 1].rstrip()}…"
