"""The real timetables as files of ours: clockwork's as a clock.py, the others as YAML in GoodJob's format."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

import yaml

from tests.conformance.lines import line_of
from tests.conformance.reference import Json, read

HEAD = """from rqclock import Clock
from tests.support import jobs

clock = Clock("Europe/London")
every = clock.every

"""
LOADS = """from rqclock import Clock

clock = Clock("Europe/London")
clock.load("scheduled_jobs.yml")
"""


def by_project(name: str) -> dict[str, list[Json]]:
    """The events or entries of `data/NAME.json`, by the project they come from."""
    found: dict[str, list[Json]] = {}
    for item in read(name):
        found.setdefault(item["id"].partition("#")[0], []).append(item)
    return found


def names(items: Iterable[Json]) -> dict[str, str]:
    """The name of each in our file, by its id: theirs need not be unique, ours must be."""
    found: dict[str, str] = {}
    for item in items:
        name = item["name"]
        found[item["id"]] = f"{name} ({item['id'].partition('#')[2]})" if name in found.values() else name
    return found


def clock_file(events: list[Json]) -> str:
    """A clock.py with one line for each event."""
    named = names(events)
    return HEAD + "".join(f"{_line(event, named[event['id']])}\n" for event in events)


def yaml_file(entries: list[Json]) -> str:
    """The YAML file, for a clock.py of `LOADS`."""
    named = names(entries)
    return yaml.safe_dump({named[entry["id"]]: _entry(entry) for entry in entries}, sort_keys=False)


def _line(event: Json, name: str) -> str:
    line = line_of(event)
    options = {"at": line.at, "on": line.on, "tz": event["tz_iana"], "name": name}
    words = [repr(line.period), *(f"{key}={value!r}" for key, value in options.items() if value is not None)]
    if (event["if"] or {}).get("op") == "external":
        words.append("if_=lambda t: True")  # the application's own data decides; the reference took it as true
    return f"every({', '.join(words)}).enqueue(jobs.anything)"


def _entry(entry: Json) -> Json:
    return dict(_keys(entry))


def _keys(entry: Json) -> Iterator[tuple[str, object]]:
    yield "cron", entry["schedule"] or f"every {entry['every']}"
    yield "class", "tests.support.jobs.anything"
    if (entry["args"] or "").startswith("["):
        yield "args", ast.literal_eval(entry["args"])
    if entry["queue"]:
        yield "set", {"queue": entry["queue"]}
