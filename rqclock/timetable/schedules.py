"""A schedule: one line of the timetable, with everything decided that can be decided before it is due."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from rqclock.errors import ConfigurationError
from rqclock.jobs.arguments import Parameters, why_not_taken
from rqclock.jobs.decorator import JobOptions
from rqclock.jobs.tagged import lifted, plain
from rqclock.triggers import Trigger, from_spec, zone_data

CatchUp = Literal["latest", "all", "none"]
Overlap = Literal["allow", "skip"]
CATCH_UP_CEILING = 12 * 3600


@dataclass(frozen=True)
class Policies:
    """What happens to a tick that is late, or whose predecessor still runs. Seconds."""

    catch_up: CatchUp = "latest"
    catch_up_within: int = CATCH_UP_CEILING
    late_ok: int = 10
    overlap: Overlap = "allow"
    must_start_within: int | None = None
    must_finish_within: int | None = None


@dataclass(frozen=True)
class Target:
    """What is run: a dotted path and arguments that JSON carries, and how RQ runs it. `takes` None: nobody knows."""

    path: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    options: JobOptions
    takes: Parameters | None = None

    def refusal(self, arguments: list[Any] | dict[str, Any]) -> str | None:
        """Why a worker could not call it with these arguments (a list, or keywords); None if it could."""
        args, kwargs = (arguments, {}) if isinstance(arguments, list) else ([], arguments)
        problem = why_not_taken(self.takes, args, kwargs) if self.takes is not None else None
        return f"{self.path}{problem}" if problem else None

    def definition(self) -> dict[str, Any]:
        """The target as JSON, from which `from_definition` makes it again."""
        return {
            "path": self.path,
            "args": plain(list(self.args)),
            "kwargs": plain(self.kwargs),
            "options": _as_lists(vars(self.options)),
            "takes": None if self.takes is None else [list(one) for one in self.takes],
        }

    @classmethod
    def from_definition(cls, values: dict[str, Any]) -> Target:
        """The target that `definition` described."""
        told, takes = values["options"], values.get("takes")
        tuples = {name: tuple(told.get(name, ())) for name in ("intervals", "sensitive")}
        options = JobOptions(**_known(JobOptions, told | tuples))
        parameters = None if takes is None else tuple((name, kind, may) for name, kind, may in takes)
        return cls(values["path"], tuple(lifted(values["args"])), lifted(values["kwargs"]), options, parameters)


@dataclass(frozen=True)
class Schedule:
    """One line. `trigger` None means on demand only; `spread` is an offset in seconds, the same in every process.

    `renamed_from` is the slug under which it was known before; `zone` is that of one on demand, which has no trigger.
    """

    name: str
    slug: str
    trigger: Trigger | None
    target: Target
    policies: Policies = Policies()
    spread: int = 0
    description: str = ""
    owner: str = ""
    enabled: bool = True
    run_now: bool = True
    renamed_from: str = ""
    zone: str = "UTC"
    file: str = ""
    line: int = 0
    predicate: Callable[[datetime], bool] | None = field(default=None, compare=False)

    def after(self, instant: int) -> int | None:
        """The first tick strictly later than `instant` (epoch seconds), or None."""
        if self.trigger is None or not self.enabled:
            return None
        tick = self.trigger.after(instant - self.spread)
        return None if tick is None else tick + self.spread

    def between(self, start: int, end: int) -> Iterator[int]:
        """The ticks later than `start` and not later than `end`."""
        tick = self.after(start)
        while tick is not None and tick <= end:
            yield tick
            tick = self.after(tick)

    def veto(self, tick: int) -> str | None:
        """The rule of the calendar by which this tick is skipped, or None."""
        return self.trigger.veto(tick - self.spread) if self.trigger else None

    def note(self, tick: int) -> str | None:
        """What the calendar or a clock change did to this tick, or None."""
        return self.trigger.note(tick - self.spread) if self.trigger else None

    @property
    def words(self) -> str:
        """When it runs, for people."""
        return self.trigger.words if self.trigger else "on demand"

    @property
    def timezone(self) -> str:
        """The zone in which its times are meant."""
        return self.trigger.tz if self.trigger else self.zone

    def on_queue(self, queue: str) -> Schedule:
        """The same, with its jobs on another queue."""
        options = replace(self.target.options, queue=queue)
        return replace(self, target=replace(self.target, options=options))

    def definition(self) -> dict[str, Any]:
        """The schedule as JSON, from which `from_definition` makes it again (but for a predicate, which is code)."""
        values = dict(vars(self))
        del values["predicate"]
        return values | {
            "trigger": self.trigger.spec() if self.trigger else None,
            "target": self.target.definition(),
            "policies": dict(vars(self.policies)),
            "if": getattr(self.predicate, "__qualname__", None),
            "words": self.words,
            "timezone": self.timezone,
        }

    @classmethod
    def from_definition(cls, values: dict[str, Any]) -> Schedule:
        """The schedule that `definition` described."""
        return cls(
            **_known(cls, values)
            | {
                "trigger": from_spec(values["trigger"]) if values["trigger"] else None,
                "target": Target.from_definition(values["target"]),
                "policies": Policies(**_known(Policies, values["policies"])),
            }
        )

    @classmethod
    def understood(cls, values: dict[str, Any]) -> Schedule | None:
        """The same, or None for a definition that this version cannot read: after a rollback a newer one's is there."""
        try:
            return cls.from_definition(values)
        except (ConfigurationError, AttributeError, LookupError, TypeError, ValueError):
            return None

    def timing(self) -> dict[str, Any]:
        """The part of the definition that decides when it is due: ticks count anew from a change of it."""
        trigger = self.trigger.spec() if self.trigger else None
        return {"trigger": trigger, "spread": self.spread, "enabled": self.enabled}


def _as_lists(options: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in options.items()}


def _known(kind: Any, values: dict[str, Any]) -> dict[str, Any]:
    """The values that this version understands: after a rollback a newer one's definitions are still there."""
    return {name: values[name] for name in kind.__dataclass_fields__ if name in values}


@dataclass(frozen=True)
class Timetable:
    """All schedules of one Clock. `slug` scopes its keys, `fingerprint` tells one version from another.

    Other zone data makes another version: it may put the same line at another instant.

    `catch_up_rate` is how many ticks a second are caught up after an outage.
    """

    name: str
    slug: str
    timezone: str
    schedules: tuple[Schedule, ...]
    catch_up_rate: int = 50
    fingerprint: str = ""

    def __post_init__(self) -> None:
        facts = [self.name, self.timezone, zone_data()[0], [schedule.definition() for schedule in self.schedules]]
        digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
        object.__setattr__(self, "fingerprint", digest[:16])
