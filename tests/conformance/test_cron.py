"""Cron expressions and English phrases run when cron engines and Debian's daemon ran them."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Any

import pytest

from rqclock.errors import TriggerError
from rqclock.triggers import Rules, Trigger, cron, every, from_spec, natural
from tests.conformance import cron_rules as rules
from tests.conformance.reference import in_readme, read, ticks

CASES = read("cron")
ENTRIES = read("cron_entries")
SYNTAX = read("cron_syntax")

LIBRARIES = ("cronsim", "croniter", "fugit")

EXPECTED = {
    rules.EQUAL: {"cronsim": 1457, "croniter": 1311, "fugit": 1264},
    rules.SKIPPED: {"croniter": 29, "fugit": 125},
    rules.REPEATED: {"croniter": 94, "fugit": 35},
    rules.CADENCE: {"cronsim": 4, "croniter": 18, "fugit": 33},
    rules.DAY_FIELDS: {"croniter": 23, "fugit": 23},
}


@lru_cache(maxsize=1)
def counts() -> dict[str, Counter[str]]:
    found = {rule: Counter[str]() for rule in EXPECTED}
    for case in CASES:
        for window in case["windows"].values():
            ours = rules.our_answer(case, window)
            for theirs in window["answers"]:
                for rule in rules.rules_between(case, ours, theirs):
                    found[rule].update(theirs["by"])
    return found


def test_every_difference_from_a_library_has_its_rule() -> None:
    assert {rule: dict(found) for rule, found in counts().items()} == EXPECTED


def test_the_readme_states_these_counts() -> None:
    for rule, found in EXPECTED.items():
        numbers = " | ".join(str(found.get(library, 0)) for library in LIBRARIES)
        assert in_readme(f"| {rule} | {numbers} |")


def test_where_all_libraries_agree_so_do_we() -> None:
    agreed = [(case, window) for case in CASES for window in case["windows"].values() if len(window["answers"]) == 1]
    assert len(agreed) == 1187
    assert all(rules.our_answer(case, window) for case, window in agreed)


@pytest.mark.parametrize("case", [case for case in CASES if "debian_cron" in case], ids=lambda case: case["key"])
def test_debians_daemon_ran_the_same_over_the_changes_of_2026(case: dict[str, Any]) -> None:
    for window in case["debian_cron"]:
        # The daemon runs a line twice in one instant when two of its times were skipped; for us an instant is one run.
        assert list(ticks(rules.trigger_of(case), window["from"], window["to"])) == sorted(set(window["fires"]))


@pytest.mark.parametrize("case", [case for case in CASES if "debian_days" in case], ids=lambda case: case["schedule"])
def test_debians_daemon_joins_the_day_fields_as_we_do(case: dict[str, Any]) -> None:
    days = case["debian_days"]
    assert list(ticks(rules.trigger_of(case), days["from"], days["to"])) == days["fires"]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["id"])
def test_every_entry_of_every_project_is_one_line(entry: dict[str, Any]) -> None:
    london = Rules(tz="Europe/London")
    if entry["kind"] == "interval":  # sidekiq-scheduler's "15m"
        units = {"m": "minutes", "h": "hours"}
        trigger: Trigger = every(f"{entry['every'][:-1]} {units[entry['every'][-1]]}", rules=london)
    else:
        trigger = natural(entry["schedule"], rules=london)
    assert from_spec(trigger.spec()) == trigger


def test_every_schedule_that_must_be_expressible_is_among_the_events_and_entries() -> None:
    known = {item["id"] for item in [*read("clockwork_events"), *ENTRIES]}
    assert set(read("must_express")) <= known


@pytest.mark.parametrize("sample", SYNTAX, ids=lambda sample: sample["string"] or "empty")
def test_odd_strings_are_taken_or_refused_as_by_cronsim(sample: dict[str, Any]) -> None:
    text = sample["string"]
    accepted = sample["cronsim"] or text in ("@midnight", "every 5 minutes", "every 17 minutes")
    if accepted:
        natural(text, rules=Rules())
        return
    with pytest.raises(TriggerError):
        natural(text, rules=Rules())


@pytest.mark.parametrize("case", [case for case in CASES if case["schedule"][0] not in "e@"], ids=lambda c: c["key"])
def test_a_zone_at_the_end_wins_over_the_rules(case: dict[str, Any]) -> None:
    trailing = cron(f"{case['schedule']} {case['zone']}", rules=Rules(tz="Asia/Tokyo"))
    assert trailing == cron(case["schedule"], rules=Rules(tz=case["zone"]))
