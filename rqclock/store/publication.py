"""What is sent of each schedule when a timetable is put in force."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rqclock.timetable import template
from rqclock.timetable.schedules import Schedule


def of(schedule: Schedule, before: dict[str, Any] | None, known: Mapping[str, int], now: int) -> list[Any]:
    """What `publish.lua` takes of a schedule; `before` is its definition in force, `known` the last ticks remembered.

    Its ticks count from now when it is new or retimed; when Redis has lost its cursor, from where we knew it to be.
    """
    definition = schedule.definition()
    changed = before is None or _meaning(before) != _meaning(definition)
    old = Schedule.understood(before) if before else None
    retimed = before is not None and (old is None or old.timing() != schedule.timing())
    start = now if retimed else known.get(schedule.slug, now)
    version = json.dumps({"began": now if before else start, "definition": definition}) if changed else ""
    hash_ = template.fields(schedule)
    fields = [part for pair in hash_.items() for part in pair]
    return [schedule.slug, json.dumps(definition), version, start, "1" if retimed else "", len(hash_), *fields]


def _meaning(definition: dict[str, Any]) -> str:
    """The definition but for its place in the file: a comment above a line makes no new version of it."""
    meaning = {name: value for name, value in definition.items() if name not in ("file", "line")}
    return json.dumps(meaning, sort_keys=True)
