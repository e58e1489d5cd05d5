"""The rules around a line of the timetable: its zone, what the clock changes do to it, its holidays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from rqclock.errors import TriggerError, did_you_mean
from rqclock.triggers.zones import zone

GAPS = ("next", "shift", "skip")
FOLDS = ("first", "second", "both")
IF_HOLIDAYS = ("next", "previous", "skip")

_CHOICES = {"gap": GAPS, "fold": FOLDS, "if_holiday": IF_HOLIDAYS}


@dataclass(frozen=True)
class Rules:
    """What holds for a line unless the line itself says otherwise.

    tz: IANA name. gap: what becomes of a local time that a clock change skips: `next` (the first instant after the
    change), `shift` (as much later as the change is long), `skip`. fold: which of two equal local times runs:
    `first`, `second`, `both`. None stands for the default of each kind of schedule: next and first for fixed times,
    the real cadence (skip and both) for wildcards. calendar: "GB", "GB-ENG", …; None derives it from the zone.

    Raises TriggerError for an unknown zone or choice.
    """

    tz: str = "UTC"
    gap: str | None = None
    fold: str | None = None
    calendar: str | None = None
    if_holiday: str | None = None

    def __post_init__(self) -> None:
        zone(self.tz)
        for name, choices in _CHOICES.items():
            chosen = getattr(self, name)
            if chosen is not None and chosen not in choices:
                listed = ", ".join(f'"{choice}"' for choice in choices)
                raise TriggerError(f"{name}={chosen!r} is none of {listed}{did_you_mean(str(chosen), choices)}")


def in_zone(rules: Rules, tz: str | None) -> Rules:
    """The rules with another zone, where one is named."""
    return replace(rules, tz=tz) if tz else rules


@dataclass(frozen=True)
class Line:
    """A line as its author wrote it, in canonical spelling. Two triggers are equal when their lines are."""

    kind: str  # "every" or "cron"
    when: str
    rules: Rules
    at: tuple[str, ...] = ()
    on: tuple[str, ...] = ()

    def spec(self) -> dict[str, Any]:
        """The line as JSON values; what is not said is left out."""
        said: dict[str, Any] = {self.kind: self.when}
        said |= {name: list(value) for name, value in (("at", self.at), ("on", self.on)) if value}
        names = ("tz", "gap", "fold", "calendar", "if_holiday")
        return said | {name: value for name in names if (value := getattr(self.rules, name)) is not None}
