"""What every template may use: who is signed in, which system this is, and how times and lengths are written."""

from __future__ import annotations

import json
from typing import Any

import redis
from flask import Flask, g

from rqclock import __version__
from rqclock.rq_records import error_line
from rqclock.web import moments
from rqclock.web.door import allowed
from rqclock.web.masking import masked
from rqclock.web.state import clock_keys, clock_zone, settings
from rqclock.web.words import paused_words, sentence, zone_words

# Which colour an environment wears; any other name is grey. Production must not look like the rest.
ENVIRONMENTS = {
    "production": "production",
    "prod": "production",
    "live": "production",
    "qa": "qa",
    "staging": "qa",
    "preprod": "qa",
    "test": "qa",
    "development": "development",
    "dev": "development",
    "local": "development",
}


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
        masked=_masked,
    )
    app.context_processor(_values)


def _home_zone() -> str:
    """The zone for times that belong to no schedule: that of the first Clock. Pages about Redis's failing need none."""
    try:
        return clock_zone(clock_keys()[0].clock) if g.get("role") else "UTC"
    except redis.RedisError:
        return "UTC"


def _masked(name: str, value: Any) -> Any:
    return masked(name, value, settings().sensitive)


def _values() -> dict[str, Any]:
    kept = settings()
    environment = kept.environment or ("development" if kept.dev_sign_in else "")
    return {
        "user": g.get("user"),
        "role": g.get("role"),
        "service": kept.service or "rqclock",
        "environment": environment,
        "environment_colour": ENVIRONMENTS.get(environment.lower(), "other"),
        "release": kept.release,
        "home_zone": _home_zone(),
    }
