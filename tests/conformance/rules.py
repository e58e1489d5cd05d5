"""The rules by which our answers differ from clockwork's, as programs: each turns ours into theirs.

clockwork keeps the time of an entry's last run in the memory of its process, and runs the entry at every match that
is at least one period later. A match that a clock change skips never comes. We count from fixed points instead, and
run what was skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rqclock.triggers import Rules
from rqclock.triggers.zones import Zone, zone
from tests.conformance.lines import line_of
from tests.conformance.reference import digest, ticks

DAY = 86_400
MONTH = 2_629_746  # as long as the gem takes one to be
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": DAY, "week": 7 * DAY, "month": MONTH}

EQUAL = "equal"
SKIPPED = "a time that the clock change skips runs at the first instant after it (clockwork: no run)"
FIRST_RUN = "nothing is held back after a start (clockwork with skip_first_run: the first match does not run)"
PHASE = "intervals count from 1 January 1970 (clockwork: from its start, or from its first run)"
MONTHS = "a month is a calendar month (clockwork: 30.4 days, so that the 1st of a long month is too early)"
HALF_HOUR = "an hourly minute runs in every hour (clockwork: not if the clocks changed by half an hour since)"
SHORT_DAY = "a day may have 23 hours (clockwork 3: 24, so that nothing daily or weekly runs after a spring change)"


def explain(case: dict[str, Any], span: dict[str, Any], version: str) -> str:
    """The rule under which our answer is the reference's; a failure when there is none."""
    wanted = span.get(version, span["v3"])["sha256"]
    if digest(ours(case, span)) == wanted:
        return EQUAL
    if digest(without_skipped(case, span)) == wanted:
        return SKIPPED
    assert digest(counted_from_start(case, span, version=version)) == wanted, (case["key"], span, version)
    return rule_for(case)


def ours(case: dict[str, Any], span: dict[str, Any]) -> list[int]:
    """What we say."""
    return list(ticks(line_of(case).trigger(Rules(tz=case["zone"])), span["rec_from"], span["rec_to"]))


def without_skipped(case: dict[str, Any], span: dict[str, Any]) -> list[int]:
    """Ours, with the skipped times left out."""
    rules = Rules(tz=case["zone"], gap="skip")
    return list(ticks(line_of(case).trigger(rules), span["rec_from"], span["rec_to"]))


def counted_from_start(case: dict[str, Any], span: dict[str, Any], *, version: str) -> list[int]:
    """Ours, thinned out as clockwork does it; each entry of `at` for itself."""
    entries = [None] if case["at"] is None else [[entry] for entry in case["at"]]
    runs = [run for entry in entries for run in _runs(case | {"at": entry}, span, version)]
    return sorted(run for run in runs if run >= span["rec_from"])


def rule_for(case: dict[str, Any]) -> str:
    """The rule that explains why counting from the start gives another answer, by the kind of the case alone."""
    unit, count = case["period"]["unit"], case["period"]["n"]
    if case["skip_first_run"]:
        return FIRST_RUN
    if unit == "month":
        return MONTHS
    if case["at"] is None or count > 1:
        return PHASE
    return HALF_HOUR if unit == "hour" else SHORT_DAY


def _runs(case: dict[str, Any], span: dict[str, Any], version: str) -> Iterator[int]:
    period = SECONDS[case["period"]["unit"]] * case["period"]["n"]
    due = span["sim_start"] + period if case["skip_first_run"] else span["sim_start"]
    for match in _matches(case, span):
        if match >= due:
            due = _later(zone(case["zone"]), match, period) if version == "v4" else match + period
            yield match


def _later(here: Zone, last: int, period: int) -> int:
    """When clockwork 4 takes a period to be over: days are counted by the local calendar, not as 24 hours."""
    if period < DAY:
        return last + period
    wall = last + here.offset(last) + period
    by_old_offset = wall - here.offset(last)
    found = wall - here.offset(by_old_offset)
    return found if here.offset(found) == here.offset(by_old_offset) else by_old_offset


def _matches(case: dict[str, Any], span: dict[str, Any]) -> Iterator[int]:
    if case["at"] is None:
        yield from range(span["sim_start"], span["rec_to"], span["tick"])
        return
    line = line_of(case, count=1)
    yield from ticks(line.trigger(Rules(tz=case["zone"], gap="skip", fold="both")), span["sim_start"], span["rec_to"])
