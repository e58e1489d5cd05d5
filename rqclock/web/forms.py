"""What people type into forms: read strictly, and refused with a sentence that stands beside its field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import abort, g

from rqclock.acts.activity import WHY_LENGTH
from rqclock.jobs.serializer import why_not_json
from rqclock.jobs.tagged import untag
from rqclock.store.ticks import YEARS
from rqclock.timetable.schedules import Schedule
from rqclock.web.masking import target_call
from rqclock.web.moments import zone_of
from rqclock.web.state import settings
from rqclock.web.users import may

LONGEST_ARGUMENTS = 32 * 1024
MOST_PAGES = 10_000
Errors = dict[str, str]  # field -> what is wrong with it


class Form:
    """The fields of one request. `errors` fills while they are read; nothing may be done unless it is empty."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values
        self.errors: Errors = {}

    def text(self, name: str) -> str:
        return self.values.get(name, "").strip()

    def reason(self, *, needed: bool = False) -> str:
        why = self.text("reason")
        if needed and not why:
            self.errors["reason"] = "Say why. It is shown wherever the schedule is."
        if len(why) > WHY_LENGTH:
            self.errors["reason"] = f"Say it in {WHY_LENGTH} characters or fewer. These are {len(why)}."
        return why

    def instant(self, name: str, *, zone: str, needed: bool = True) -> int | None:
        """The epoch second of a time of that zone, as `<input type="datetime-local">` sends it, or as typed by hand."""
        text = self.text(name)
        if not text:
            if needed:
                self.errors[name] = "Say a day and a time, such as 2026-11-23 08:00."
            return None
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            self.errors[name] = f"{text!r} is not a day and a time such as 2026-11-23 08:00."
            return None
        if at.year not in YEARS:
            self.errors[name] = f"{text!r} is out of range: times from {YEARS[0]} to {YEARS[-1]} can be used."
            return None
        return int((at if at.tzinfo else at.replace(tzinfo=zone_of(zone))).timestamp())

    def arguments(self, schedule: Schedule) -> Any:
        """Other arguments than the timetable's; None where the form names none, or the same ones."""
        text = self.text("arguments")
        if not text or not self._may_change(schedule, text):
            return None
        if len(text) > LONGEST_ARGUMENTS:
            self.errors["arguments"] = f"That is more than {LONGEST_ARGUMENTS // 1024} kB."
            return None
        value = self._json(text)
        if value is not None and (problem := schedule.target.refusal(value)):
            self.errors["arguments"] = f"{problem}."
        return value

    def _may_change(self, schedule: Schedule, text: str) -> bool:
        if text == arguments_text(schedule):
            return False
        if not may(g.role, needed="admin"):
            abort(403, "Other arguments than the timetable's are for admins.")
        return True

    def _json(self, text: str) -> Any:
        try:
            value = json.loads(text, object_hook=untag)
        except (ValueError, RecursionError) as error:
            self.errors["arguments"] = f"That is not JSON: {error}."
            return None
        if not isinstance(value, (list, dict)) or why_not_json(value):
            self.errors["arguments"] = 'Write a list, ["north", 3], or named values, {"region": "north"}.'
            return None
        return value


def arguments_text(schedule: Schedule) -> str:
    """The timetable's own arguments as the form shows them; empty where a form can't carry them (both kinds), or where
    they hold what a page must not show."""
    target = schedule.target
    args, kwargs = target_call(target, settings().sensitive)
    if (args and kwargs) or args != list(target.args) or kwargs != dict(target.kwargs):
        return ""
    return json.dumps(kwargs or args, ensure_ascii=False)


def local_input(instant: float, zone: str) -> str:
    """The instant as `<input type="datetime-local">` takes it."""
    return datetime.fromtimestamp(instant, zone_of(zone)).strftime("%Y-%m-%dT%H:%M")


def page_number(text: str | None) -> int:
    """The page that an address names, 1 for anything else."""
    return int(text) if text and text.isdecimal() and 1 <= int(text) <= MOST_PAGES else 1
