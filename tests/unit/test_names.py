"""What schedules are called today, and which of them a timetable goes on from."""

from __future__ import annotations

import pytest

from rqclock import Clock
from rqclock.store.names import Names
from rqclock.timetable.schedules import Schedule
from tests.support import jobs


def schedules(**names: str) -> tuple[Schedule, ...]:
    """A schedule for each name; behind it stands its name before, if it says one."""
    clock = Clock()
    for name, before in names.items():
        line = clock.every("second", name=name, renamed_from=before) if before else clock.every("second", name=name)
        line.enqueue(jobs.plain)
    return clock.timetable().schedules


@pytest.mark.parametrize(
    ("renamed", "slug", "today"),
    [
        ({}, "a", "a"),
        ({"a": "b"}, "a", "b"),
        ({"a": "b", "b": "c"}, "a", "c"),
        ({"a": "b", "b": "c"}, "c", "c"),
        ({"a": "b", "b": "a"}, "a", "b"),  # nobody writes that, and nobody waits for ever because of it
    ],
)
def test_a_name_leads_to_the_one_of_today(renamed: dict[str, str], slug: str, today: str) -> None:
    assert Names(renamed).today(slug) == today


@pytest.mark.parametrize(
    ("renamed", "names", "in_force", "origins"),
    [
        ({}, {"b": "a"}, {"a"}, {"b": "a"}),
        ({}, {"b": "a"}, {"a", "b"}, {}),
        ({"a": "b"}, {"a": ""}, {"b"}, {"a": "b"}),
        ({"a": "b"}, {"a": "", "b": ""}, {"b"}, {}),
        ({"a": "b", "b": "c"}, {"a": ""}, {"c"}, {"a": "c"}),
        ({"b": "a"}, {"c": "b"}, {"a"}, {"c": "a"}),
        ({"b": "c"}, {"b": "a"}, {"a", "c"}, {"b": "a"}),
        ({}, {"b": "a", "c": "a"}, {"a"}, {"b": "a"}),
    ],
    ids=[
        "a rename", "in force already", "the version before", "beside the renamed one", "two versions before",
        "a version left out", "what the file says goes first", "one heir",
    ],
)  # fmt: skip
def test_a_timetable_goes_on_from_what_has_another_name(
    renamed: dict[str, str], names: dict[str, str], in_force: set[str], origins: dict[str, str]
) -> None:
    assert Names(renamed).origins(schedules(**names), in_force=in_force, retired=set()) == origins


def test_what_has_left_the_timetable_is_gone_on_from_too() -> None:
    assert Names({"a": "b"}).origins(schedules(a=""), in_force=set(), retired={"b"}) == {"a": "b"}
