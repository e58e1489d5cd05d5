"""Timetables of clockwork files run when clockwork ran them, or differ by a rule that is written down."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Any

import pytest

from rqclock.errors import TriggerError
from rqclock.triggers import Rules, every, from_spec
from rqclock.triggers.at import read_at
from tests.conformance import rules
from tests.conformance.lines import line_of
from tests.conformance.reference import in_readme, read

CASES = read("clockwork")
EVENTS = read("clockwork_events")

EXPECTED = {
    rules.EQUAL: (792, 571),
    rules.SKIPPED: (37, 31),
    rules.SHORT_DAY: (0, 189),
    rules.PHASE: (81, 112),
    rules.FIRST_RUN: (10, 17),
    rules.MONTHS: (7, 7),
    rules.HALF_HOUR: (5, 5),
}


@lru_cache(maxsize=2)
def counts(version: str) -> Counter[str]:
    return Counter(rules.explain(case, span, version) for case in CASES for span in case["spans"].values())


@pytest.mark.parametrize(("version", "column"), [("v4", 0), ("v3", 1)])
def test_every_difference_from_clockwork_has_its_rule(version: str, column: int) -> None:
    assert counts(version) == {rule: numbers[column] for rule, numbers in EXPECTED.items() if numbers[column]}


def test_the_readme_states_these_counts() -> None:
    for rule, (v4, v3) in EXPECTED.items():
        assert in_readme(f"| {rule} | {v4} | {v3} |")


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event["id"])
def test_every_event_of_every_project_is_one_line(event: dict[str, Any]) -> None:
    trigger = line_of(event).trigger(Rules(tz=event["tz_iana"] or "Europe/London"))
    assert from_spec(trigger.spec()) == trigger


@pytest.mark.parametrize("sample", read("clockwork_at"), ids=lambda sample: sample["at"])
def test_times_are_read_as_clockwork_reads_them_where_it_refuses_nonsense(sample: dict[str, Any]) -> None:
    # The gem takes 10:60 and never runs; it refuses three that we take: seconds, a leading space, MONDAY.
    ours_only = sample["at"] in ("10:35:00", " 10:35", "MONDAY 16:00")
    if not (sample["ok"] or ours_only) or sample["at"] == "10:60":
        with pytest.raises(TriggerError):
            read_at(sample["at"])
        return
    (entry,) = read_at(sample["at"])
    if sample["ok"]:
        weekday = None if sample["wday"] is None else (sample["wday"] - 1) % 7
        assert entry == (weekday, sample["hour"], sample["min"], 0)


def test_two_equal_times_of_one_list_are_one_run() -> None:
    assert every("day", at=["10:35", "10:35"], rules=Rules()) == every("day", at="10:35", rules=Rules())
