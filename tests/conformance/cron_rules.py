"""The rules by which our answers to a cron expression or a phrase differ from those of one library or another."""

from __future__ import annotations

from typing import Any

from rqclock.triggers import Rules, Trigger, natural
from rqclock.triggers.zones import zone
from tests.conformance.reference import digest, ticks

DAY = 86_400

EQUAL = "equal"
SKIPPED = "fixed times: a skipped one runs once, at the first instant after the change"
REPEATED = "fixed times: a repeated one runs once, the first time"
CADENCE = "wildcards: they go on with the new time, twice through a repeated hour, and half-hour changes count"
DAY_FIELDS = "a day field that begins with `*` is joined to the other by AND"


def trigger_of(case: dict[str, Any]) -> Trigger:
    return natural(case["schedule"], rules=Rules(tz=case["zone"]))


def our_answer(case: dict[str, Any], window: dict[str, Any]) -> dict[str, Any]:
    """The answer among the libraries' that is ours; a failure when none is."""
    found = digest(ticks(trigger_of(case), window["from"], window["to"]))
    same: list[dict[str, Any]] = [given for given in window["answers"] if given["sha256"] == found]
    assert same, (case["schedule"], case["zone"], window["from"])
    return same[0]


def rules_between(case: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any]) -> set[str]:
    """The rules that account for the times which one of two answers has and the other has not."""
    return {EQUAL} if ours is theirs else {rule_at(case, time) for time in set(ours["extra"]) ^ set(theirs["extra"])}


def rule_at(case: dict[str, Any], time: int) -> str:
    fields = case["schedule"].split()
    changes = list(zone(case["zone"]).segments(time - DAY, time + DAY))
    if not changes:
        assert fields[2].startswith("*/") and fields[4] != "*", (case["schedule"], time)
        return DAY_FIELDS
    if trigger_of(case).spec()["gap"] == "skip":
        return CADENCE
    return SKIPPED if changes[0].before < changes[0].offset else REPEATED
