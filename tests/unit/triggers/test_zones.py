"""Zones: the newest data, every change of every zone."""

from __future__ import annotations

import random
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
import tzdata

from rqclock.errors import TriggerError
from rqclock.triggers import Rules, zone_data, zones
from rqclock.triggers.zones import PACKAGE, Segment, zone, zone_names
from tests.unit.triggers.oracle import info

END = 2_524_608_000  # 2050


def offset_by_the_standard_library(name: str, instant: int) -> int:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=instant)
    offset = moment.astimezone(info(name)).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A folder that stands for the system's zone data, which is looked at anew."""
    monkeypatch.setattr(zoneinfo, "TZPATH", (str(tmp_path / "nowhere"), str(tmp_path)))
    zone_data.cache_clear()
    yield tmp_path
    zone_data.cache_clear()
    zone.cache_clear()


@pytest.mark.parametrize("initial", sorted({name[0] for name in zone_names()}))
def test_every_zone_has_the_offsets_of_the_standard_library(initial: str) -> None:
    chance = random.Random(initial)
    for name in sorted(name for name in zone_names() if name.startswith(initial)):
        instants = [chance.randrange(END) for _ in range(20)]
        edges = [edge.start for edge in zone(name).segments(1_700_000_000, 1_900_000_000)]
        for instant in [*instants, *edges, *(edge - 1 for edge in edges)]:
            assert zone(name).offset(instant) == offset_by_the_standard_library(name, instant), (name, instant)


def test_segments_meet_without_a_gap_and_know_their_neighbours() -> None:
    segment = zone("Europe/London").segment(0)
    while segment.end < END:
        following = zone("Europe/London").segment(segment.end)
        assert (following.start, following.before) == (segment.end, segment.offset)
        assert segment.after == following.offset or segment == following
        segment = following


def test_a_fixed_zone_has_one_segment_and_no_changes() -> None:
    assert zone("UTC").segment(0) == Segment(zones.BEGINNING, zone("UTC").segment(0).end, 0, 0, 0)
    assert list(zone("UTC").segments(0, END)) == []


def test_vancouver_stays_on_summer_time_after_2026() -> None:
    # Zone data before 2026 had it go back on 1 November 2026.
    assert zone("America/Vancouver").offset(1_798_761_600) == -7 * 3600


def test_the_package_is_in_force_when_it_is_the_newer(system: Path) -> None:
    (system / "tzdata.zi").write_text("# version 2019a\n")
    assert zone_data() == (tzdata.IANA_VERSION, PACKAGE)


def test_the_systems_data_is_in_force_when_it_is_the_newer(system: Path) -> None:
    (system / "tzdata.zi").write_text("# version 2099b\n")
    assert zone_data() == ("2099b", str(system))


def test_a_system_without_a_version_loses_to_the_package(system: Path) -> None:
    assert zone_data()[1] == PACKAGE


def test_a_zone_is_read_from_the_data_in_force(system: Path) -> None:
    (system / "+VERSION").write_text("2099c\n")
    paris = files("tzdata").joinpath("zoneinfo", "Europe", "Paris").read_bytes()
    (system / "Atlantis").write_bytes(paris)
    assert zone("Atlantis").offset(1_767_225_600) == 3600


def test_an_old_name_that_the_system_lacks_comes_from_the_package(system: Path) -> None:
    (system / "+VERSION").write_text("2099c\n")
    zone.cache_clear()
    assert zone("US/Eastern").offset(1_767_225_600) == -5 * 3600


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Europe/Londn", 'did you mean "Europe/London"?'),
        ("europe/london", 'did you mean "Europe/London"?'),
        ("utc", 'did you mean "UTC"?'),
        ("Mars/Olympus", "write a name such as Europe/London"),
        ("../../etc/passwd", "write a name such as Europe/London"),
        ("", "write a name such as Europe/London"),
    ],
)
def test_an_unknown_zone_is_refused_with_a_hint(name: str, hint: str) -> None:
    with pytest.raises(TriggerError, match="unknown time zone") as refusal:
        Rules(tz=name)
    assert hint in str(refusal.value)
