"""What every template may use: who is signed in, which system this is, and how times and lengths are written."""

from __future__ import annotations

import json
from typing import Any

import redis
from flask import Flask, g

from rqclock.settings import environments
from rqclock.store.rq_records import error_line
from rqclock.timetable.schedules import Target
from rqclock.version import __version__
from rqclock.web import moments
from rqclock.web.door import allowed
from rqclock.web.masking import Call, target_call
from rqclock.web.state import clock_keys, clock_zone, settings
from rqclock.web.words import paused_words, sentence, zone_words

FILTERS = {
    "relative": moments.relative,
    "length_of": moments.length,
    "late_by": moments.late_by,
    "local": moments.local,
    "clock_time": moments.clock_time,
    "zone_name": moments.zone_name,
    "beside": moments.beside,
    "utc": moments.utc,
    "iso": moments.iso,
    "error_line": error_line,
    "json_text": lambda value: json.dumps(value, ensure_ascii=False),
    "sentence": sentence,
}


def install(app: Flask) -> None:
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.globals.update(
        allowed=allowed,
        version=__version__,
        zone_words=zone_words,
        clock_zone=clock_zone,
        paused_words=paused_words,
        masked_call=_call,
    )
    app.context_processor(_values)


def _home_zone() -> str:
    """The zone for times that belong to no schedule: that of the first Clock. Pages about Redis's failing need none."""
    try:
        return clock_zone(clock_keys()[0].clock) if g.get("role") else "UTC"
    except redis.RedisError:
        return "UTC"


def _call(target: Target) -> Call:
    return target_call(target, settings().sensitive)


def _values() -> dict[str, Any]:
    kept = settings()
    environment = environments.name_of(kept)
    return {
        "user": g.get("user"),
        "role": g.get("role"),
        "service": kept.service or "rqclock",
        "environment": environment,
        "environment_colour": environments.colour_of(environment),
        "release": kept.release,
        "home_zone": _home_zone(),
    }
