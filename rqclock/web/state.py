"""What one application of the web process carries: its settings and its Redis."""

from __future__ import annotations

from dataclasses import dataclass, field

import redis
from flask import Flask, current_app, g

from rqclock.settings import Settings
from rqclock.store.keys import Keys
from rqclock.store.presence import clocks
from rqclock.store.replies import text
from rqclock.store.ticks import slug
from rqclock.web.timetables import Timetables


@dataclass(frozen=True)
class State:
    settings: Settings
    connection: redis.Redis
    timetables: Timetables = field(default_factory=Timetables)


def keep(app: Flask, *, state: State) -> None:
    app.extensions["rqclock"] = state


def settings() -> Settings:
    return _state().settings


def connection() -> redis.Redis:
    return _state().connection


def timetables() -> Timetables:
    return _state().timetables


def clock_keys() -> list[Keys]:
    """The keys of every Clock that has published a timetable to this Redis; before the first did, of the default."""
    names = clocks(connection(), settings().key_prefix) or ["default"]
    return [Keys(settings().key_prefix, slug(name)) for name in names]


def clock_of(schedule: str) -> str | None:
    """The Clock in whose timetable there is a schedule of this name."""
    found = (keys for keys in clock_keys() if connection().hexists(keys.named("definitions"), slug(schedule)))
    return next((keys.clock for keys in found), None)


def clock_zone(clock: str) -> str:
    """The time zone of a Clock, by its slug; UTC before its timetable is known. Read once a request."""
    zones: dict[str, str] = g.setdefault("zones", {})
    if clock not in zones:
        keys = Keys(settings().key_prefix, clock)
        zones[clock] = text(connection().hget(keys.named("timetable"), "timezone") or "UTC")
    return zones[clock]


def _state() -> State:
    kept = current_app.extensions["rqclock"]
    assert isinstance(kept, State)
    return kept
