"""How an interval of seconds, minutes or hours combines with times of day: "hour" at ":15", "10 minutes" at "9:**"."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
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
    minutes = [entry.minute or 0 for entry in entries]
    in_hours = all(entry.hour is None for entry in entries)
    # clockwork's "every minute, at …" only says how often it looks, and names the times like "every hour, at …".
    if period == Period(1, "minute") or (in_hours and _agrees(minutes, distance=period.seconds / 60, around=60)):
        return Grid(EVERY_DAY)
    raise _contradiction(period, entries, why="they say different things")


def _hours(period: Period, entries: Sequence[At]) -> Grid:
    hours = period.seconds // HOUR
    if hours % 24 == 0 and all(entry.hour is not None for entry in entries):
        return Grid(Period(hours // 24, "day"))
    if hours == 1 or all(entry.hour is None for entry in entries):
        return Grid(EVERY_DAY, stride=hours)
    minutes = [(entry.hour or 0) * 60 + (entry.minute or 0) for entry in entries]
    if all(entry.hour is not None and entry.weekday is None for entry in entries) and _agrees(
        minutes, distance=hours * 60, around=24 * 60
    ):
        return Grid(EVERY_DAY)
    raise _contradiction(period, entries, why="they say different things")


def _agrees(minutes: Sequence[int], *, distance: float, around: int) -> bool:
    """Whether several minutes are all `distance` apart, or a single one comes round after that distance."""
    if len(minutes) == 1:
        return distance == around
    return all(later - minute == distance for minute, later in pairwise(minutes))


def _contradiction(period: Period, entries: Sequence[At], *, why: str) -> TriggerError:
    times = ", ".join(f'"{entry}"' for entry in entries)
    unit = "day" if all(entry.hour is not None for entry in entries) else "hour"
    instead = f'every("{unit}", at={times})' if len(entries) == 1 else f'every("{unit}", at=[{times}])'
    if any(entry.minute is None for entry in entries):
        instead = f'every("10 minutes", at={times})'
    return TriggerError(f'"{period}" cannot be combined with at={times}, {why}: write {instead} or every("{period}")')
