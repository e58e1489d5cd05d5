"""What a clock change does to a schedule, in words: the runs it moves, drops or doubles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rqclock.calendars import EPOCH_DAY
from rqclock.triggers.rules import Rules
from rqclock.triggers.zones import Segment

DAY = 86_400
LISTED = 3  # wall times named before "and 4 more"

_FOLD_WORDS = {
    "first": "once (first)",
    "second": "once (second)",
    "both": "twice",
}


@dataclass(frozen=True)
class Change:
    """One or more runs that a clock change touches.

    tick: the run in question; where nothing runs, the instant of the clock change.
    """

    tick: int
    day: str
    problem: str
    outcome: str

    @property
    def text(self) -> str:
        """For a list: "28 Mar 2027: 01:30 does not exist, runs 02:00"."""
        return f"{self.day}: {self.problem}, {self.outcome}"

    @property
    def note(self) -> str:
        """For one run: "01:30 does not exist on 28 Mar 2027, runs 02:00"."""
        return f"{self.problem} on {self.day}, {self.outcome}"


def is_gap(edge: Segment) -> bool:
    """Whether the clocks go forward where a segment begins."""
    return edge.before < edge.offset


def touched(edge: Segment) -> tuple[int, int]:
    """The wall seconds, start and end, that a segment's beginning skips or repeats."""
    low, high = sorted((edge.start + edge.before, edge.start + edge.offset))
    return low, high


def change(edge: Segment, *, walls: Sequence[int], rules: Rules) -> Change:
    """What becomes of matches that fall among the wall seconds touched by a clock change."""
    return _gap(edge, walls, gap=rules.gap) if is_gap(edge) else _fold(edge, walls, fold=rules.fold)


def day_words(day: int) -> str:
    """A day as people write it: "28 Mar 2027"."""
    moment = date.fromordinal(day + EPOCH_DAY)
    return f"{moment.day} {moment:%b %Y}"


def time_words(wall: int) -> str:
    """A wall second's time of day: "01:30", or "01:30:15" where the seconds matter."""
    hours, rest = divmod(wall % DAY, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours:02}:{minutes:02}" + (f":{seconds:02}" if seconds else "")


def _gap(edge: Segment, walls: Sequence[int], *, gap: str | None) -> Change:
    problem = f"{_times(walls)} {'does' if len(walls) == 1 else 'do'} not exist"
    day = day_words(walls[0] // DAY)
    if gap == "skip":
        return Change(edge.start, day, problem, "does not run" if len(walls) == 1 else "do not run")
    tick = edge.start if gap == "next" else walls[0] - edge.before
    run = tick + edge.offset
    when = time_words(run) if run // DAY == walls[0] // DAY else f"{day_words(run // DAY)} {time_words(run)}"
    if gap == "shift" and len(walls) > 1:
        when = _times([wall - edge.before + edge.offset for wall in walls])
    return Change(tick, day, problem, f"{'runs' if len(walls) == 1 else 'run'} {when}")


def _fold(edge: Segment, walls: Sequence[int], *, fold: str | None) -> Change:
    verb, run = ("happens", "runs") if len(walls) == 1 else ("happen", "run")
    offset = edge.offset if fold == "second" else edge.before
    outcome = f"{run} {_FOLD_WORDS[fold or 'both']}"
    return Change(walls[0] - offset, day_words(walls[0] // DAY), f"{_times(walls)} {verb} twice", outcome)


def _times(walls: Sequence[int]) -> str:
    named = [time_words(wall) for wall in walls[:LISTED]]
    if len(walls) > LISTED:
        return f"{', '.join(named)} and {len(walls) - LISTED} more"
    return " and ".join(", ".join(named).rsplit(", ", 1))
