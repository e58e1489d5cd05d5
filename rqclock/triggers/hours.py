"""How an interval of seconds, minutes or hours combines with times of day: "hour" at ":15", "10 minutes" at "9:**"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rqclock.errors import TriggerError
from rqclock.triggers.at import At
from rqclock.triggers.period import Period

HOUR = 3600
EVERY_DAY = Period(1, "day")


class Grid(NamedTuple):
    """What an interval with times amounts to: those times on days.

    stride: only in every n-th hour, counted from the epoch. step: in a window such as "9:**", a run every so many
    seconds, counted from the start of the hour.
    """

    period: Period
    stride: int = 1
    step: int = 60


def read_grid(period: Period, entries: Sequence[At]) -> Grid:
    """The grid that an interval and its times make.

    Raises TriggerError when the times contradict the interval.
    """
    if any(entry.minute is None for entry in entries):
        return _window(period, entries)
    if period.unit == "second" or period.seconds % HOUR:
        return _minutes(period, entries)
    return _hours(period, entries)


def _window(period: Period, entries: Sequence[At]) -> Grid:
    windows = [entry for entry in entries if entry.minute is None]
    if len(windows) < len(entries):
        raise TriggerError(f'at="{windows[0]}" is a whole hour: it cannot stand beside a single time')
    if period.seconds > HOUR:
        raise _contradiction(period, entries, why=f'"{period}" is longer than the hour that it names')
    return Grid(EVERY_DAY, step=period.seconds)


def _minutes(period: Period, entries: Sequence[At]) -> Grid:
    in_hours = all(entry.hour is None for entry in entries)
    if in_hours and _is_spaced([entry.minute or 0 for entry in entries], distance=period.seconds / 60, around=60):
        return Grid(EVERY_DAY)
    raise _contradiction(period, entries, why="they say different things")


def _hours(period: Period, entries: Sequence[At]) -> Grid:
    hours = period.seconds // HOUR
    if hours % 24 == 0:
        return Grid(Period(hours // 24, "day"))
    if hours == 1 or all(entry.hour is None for entry in entries):
        return Grid(EVERY_DAY, stride=hours)
    if all(entry.hour is not None and entry.weekday is None for entry in entries):
        minutes = [(entry.hour or 0) * 60 + (entry.minute or 0) for entry in entries]
        if _is_spaced(minutes, distance=hours * 60, around=24 * 60):
            return Grid(EVERY_DAY)
    raise _contradiction(period, entries, why="they say different things")


def _is_spaced(minutes: Sequence[int], *, distance: float, around: int) -> bool:
    """Whether minutes on a dial of `around` minutes are all `distance` apart."""
    following = [*minutes[1:], minutes[0] + around]
    return all(later - minute == distance for minute, later in zip(minutes, following, strict=True))


def _contradiction(period: Period, entries: Sequence[At], *, why: str) -> TriggerError:
    times = ", ".join(f'"{entry}"' for entry in entries)
    unit = "day" if all(entry.hour is not None for entry in entries) else "hour"
    instead = f'every("{unit}", at={times})' if len(entries) == 1 else f'every("{unit}", at=[{times}])'
    if any(entry.minute is None for entry in entries):
        instead = f'every("10 minutes", at={times})'
    return TriggerError(f'"{period}" cannot be combined with at={times}, {why}: write {instead} or every("{period}")')
