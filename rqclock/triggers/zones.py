"""Time zones as tables of integers, read from the newest zone data at hand.

`zoneinfo` alone prefers the system's files, which on a host that is seldom updated are years behind the `tzdata`
package. We read the file ourselves, from whichever of the two is newer, and keep each zone as segments of constant
offset: looking one up is a bisection, about a microsecond cheaper than arithmetic with aware datetimes.
"""

from __future__ import annotations

import re
import struct
import zoneinfo
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

from rqclock.errors import TriggerError, did_you_mean

FOUR_WEEKS = 28 * 86_400
YEAR = 31_556_952
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BEGINNING = -2_208_988_800  # 1900: no tick is older, and local mean time before it has odd seconds
PACKAGE = "the tzdata package"


class Segment(NamedTuple):
    """A stretch of UTC seconds, `start` included and `end` not, with one offset; and the offsets around it."""

    start: int
    end: int
    offset: int
    before: int
    after: int


class Zone:
    """A zone's segments, settled as far ahead as anyone has asked."""

    def __init__(self, name: str) -> None:
        self.name = name
        with _file(name).open("rb") as file:
            self._explicit = [at for at in _transitions(file.read()) if at > BEGINNING]
            file.seek(0)
            self._info = zoneinfo.ZoneInfo.from_file(file, key=name)
        self._settle_until(max(self._explicit, default=0) + 1)

    @property
    def info(self) -> zoneinfo.ZoneInfo:
        """The zone for datetime."""
        return self._info

    def segment(self, instant: int) -> Segment:
        """The segment that holds `instant`. Its end is a real clock change, or at least a year away."""
        if instant >= self._settled - YEAR:
            self._settle_until(instant + 10 * YEAR)
        starts, segments = self._table
        return segments[bisect_right(starts, instant) - 1]

    def offset(self, instant: int) -> int:
        """Seconds that local time is ahead of UTC."""
        return self.segment(instant).offset

    def segments(self, start: int, end: int) -> Iterator[Segment]:
        """Every segment that begins after `start` and not after `end`: one for each clock change between them."""
        segment = self.segment(start)
        while segment.end <= end:
            segment = self.segment(segment.end)
            if segment.before != segment.offset and segment.start > start:
                yield segment

    def _offset_by_info(self, instant: int) -> int:
        # By addition: fromtimestamp() refuses what lies before 1970 on some platforms.
        offset = (EPOCH + timedelta(seconds=instant)).astimezone(self._info).utcoffset()
        return 0 if offset is None else int(offset.total_seconds())

    def _settle_until(self, end: int) -> None:
        last = max(self._explicit, default=0)
        self._settled = end
        starts, offsets = [BEGINNING], [self._offset_by_info(BEGINNING)]
        for at in [*self._explicit, *self._by_rule(last, end)]:
            offset = self._offset_by_info(at)
            if offset != offsets[-1]:  # a change of name or of the DST flag alone moves no clock
                starts.append(at)
                offsets.append(offset)
        befores, afters, ends = [offsets[0], *offsets], [*offsets[1:], offsets[-1]], [*starts[1:], end]
        # One assignment, so that a thread that looks meanwhile sees the old table or the new one.
        self._table = (starts, [Segment(*row) for row in zip(starts, ends, offsets, befores, afters, strict=False)])

    def _by_rule(self, last: int, end: int) -> Iterator[int]:
        """The changes after the file's last one, where a yearly rule holds: never two of them within four weeks."""
        low, offset = last, self._offset_by_info(last)
        while low < end:
            high = min(low + FOUR_WEEKS, end)
            if self._offset_by_info(high) != offset:
                yield (at := self._change_between(low, high, offset=offset))
                offset = self._offset_by_info(at)
            low = high

    def _change_between(self, low: int, high: int, *, offset: int) -> int:
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._offset_by_info(middle) == offset else (low, middle)
        return high


@lru_cache(maxsize=1024)
def zone(name: str) -> Zone:
    """The zone called `name`.

    Raises TriggerError, with the nearest name, when there is none.
    """
    known = zone_names()
    if name not in known and not (_is_plain(name) and _file(name).is_file()):
        hint = did_you_mean(name, known) or ": write a name such as Europe/London"
        raise TriggerError(f'unknown time zone "{name}"{hint}')
    return Zone(name)


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Every name of the tzdata package."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


@lru_cache(maxsize=1)
def zone_data() -> tuple[str, str]:
    """The IANA version in force, such as "2026f", and where it was read: the tzdata package or a system folder."""
    found = [(_version(_package()), PACKAGE)]
    found += [(_version(Path(folder)), folder) for folder in zoneinfo.TZPATH]
    return max(found, key=lambda candidate: (candidate[0], candidate[1] == PACKAGE))


def zone_folder() -> Traversable:
    """The folder of the zone data in force."""
    source = zone_data()[1]
    return _package() if source == PACKAGE else Path(source)


def _package() -> Traversable:
    return files("tzdata").joinpath("zoneinfo")


def _file(name: str) -> Traversable:
    file = zone_folder().joinpath(*name.split("/"))
    # Debian keeps old names such as US/Eastern in a package of their own, which few systems have.
    return file if file.is_file() else _package().joinpath(*name.split("/"))


def _is_plain(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*", name) is not None


def _version(folder: Traversable) -> str:
    """The version that a folder of zone data states; empty, hence oldest, when it states none."""
    for name in ("tzdata.zi", "+VERSION"):
        file = folder.joinpath(name)
        if file.is_file():
            with file.open("r", encoding="utf-8") as lines:
                if match := re.search(r"\d{4}[a-z]+", lines.readline()):
                    return match.group()
    return ""


def _transitions(data: bytes) -> list[int]:
    """The instants listed in a TZif file (RFC 8536): those of its second, 64-bit block."""
    start = 44 + sum(count * size for count, size in zip(_counts(data, 0), (1, 1, 8, 5, 6, 1), strict=True))
    if data[4:5] < b"2":
        raise TriggerError("zone data of version 1 (before 2005) cannot be used: install the tzdata package")
    times = _counts(data, start)[3]
    return list(struct.unpack_from(f">{times}q", data, start + 44))


def _counts(data: bytes, header: int) -> tuple[int, ...]:
    if data[header : header + 4] != b"TZif":
        raise TriggerError("not a file of zone data")
    return struct.unpack_from(">6l", data, header + 20)
