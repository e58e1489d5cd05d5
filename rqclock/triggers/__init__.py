"""When a schedule is due: pure rules over int epoch seconds (UTC). No I/O, no reading of the clock.

>>> rules = Rules(tz="Europe/London")
>>> every("day", at="01:30", rules=rules).after(1_774_656_000 + 86_400)  # the night when 01:30 does not exist
1774746000
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rqclock.errors import TriggerError, did_you_mean
from rqclock.triggers.changes import Change
from rqclock.triggers.cron import cron
from rqclock.triggers.every import every
from rqclock.triggers.interval import IntervalTrigger
from rqclock.triggers.natural import natural
from rqclock.triggers.rules import Rules
from rqclock.triggers.wall import WallTrigger
from rqclock.triggers.zones import zone_data

__all__ = ["Change", "Rules", "Trigger", "changes", "cron", "every", "from_spec", "natural", "zone_data"]

Trigger = IntervalTrigger | WallTrigger

_RULES = ("tz", "gap", "fold", "calendar", "if_holiday")
_LINE = ("every", "cron", "at", "on")


def from_spec(spec: Mapping[str, Any]) -> Trigger:
    """The trigger whose `spec()` this is.

    Raises TriggerError when it is none.
    """
    for name in spec:
        if name not in (*_RULES, *_LINE):
            raise TriggerError(f'a schedule has no "{name}"{did_you_mean(name, (*_RULES, *_LINE))}')
    rules = Rules(**{name: spec[name] for name in _RULES if name in spec})
    if "cron" in spec:
        return cron(spec["cron"], rules=rules)
    if "every" not in spec:
        raise TriggerError('a schedule needs "every" or "cron"')
    return every(spec["every"], at=spec.get("at"), on=spec.get("on"), rules=rules)


def changes(trigger: Trigger, start: int, end: int) -> list[Change]:
    """The runs that clock changes move, drop or double, for each change after `start` and not after `end`."""
    return list(trigger.changes(start, end))
