"""An answer by brute force, for comparison: a walk over every minute, with the standard library's own zones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from rqclock.triggers.zones import zone_folder

MINUTE = timedelta(minutes=1)

Pattern = Callable[[datetime], bool]


@lru_cache(maxsize=64)
def info(name: str) -> ZoneInfo:
    """The zone as the standard library reads it, from the same files as ours."""
    with zone_folder().joinpath(*name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def walk(name: str, start: int, end: int, *, pattern: Pattern, gap: str, fold: str) -> list[int]:
    """The ticks from `start` to before `end` (both whole minutes) of a pattern of local times."""
    found: set[int] = set()
    # From two days before: what `gap` shifts may land behind a skipped day.
    previous = _local(start - 2 * 86_400 - 60, name)
    for instant in range(start - 2 * 86_400, end, 60):
        local = _local(instant, name)
        if pattern(local.replace(tzinfo=None, fold=0)) and _is_wanted(local, fold):
            found.add(instant)
        skipped = [wall for wall in _skipped(previous, local) if pattern(wall)]
        if skipped and gap == "next":
            found.add(instant)
        if gap == "shift":
            after = previous.replace(tzinfo=None, fold=0) + MINUTE
            found |= {instant + int((wall - after).total_seconds()) for wall in skipped}
        previous = local
    return sorted(tick for tick in found if start <= tick < end)


def _local(instant: int, name: str) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=instant)).astimezone(info(name))


def _is_wanted(local: datetime, fold: str) -> bool:
    """Whether this one of two equal local times runs."""
    other = local.replace(fold=1 - local.fold)
    is_repeated = other.utcoffset() != local.utcoffset() and _exists(other)
    return fold == "both" or not is_repeated or local.fold == ("first", "second").index(fold)


def _exists(local: datetime) -> bool:
    back = local.astimezone(UTC).astimezone(local.tzinfo)
    return back.replace(tzinfo=None) == local.replace(tzinfo=None)


def _skipped(previous: datetime, local: datetime) -> Iterator[datetime]:
    wall, end = previous.replace(tzinfo=None, fold=0) + MINUTE, local.replace(tzinfo=None, fold=0)
    while wall < end:
        yield wall
        wall += MINUTE
