"""What several commands share: their options, the clock file, the connection, and how times are shown."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import click
import redis

from rqclock.connection import connect, explain
from rqclock.errors import ConfigurationError, did_you_mean
from rqclock.settings import Settings
from rqclock.store.keys import Keys
from rqclock.timetable.schedules import Schedule, Timetable
from rqclock.triggers.zones import zone

F = TypeVar("F", bound=Callable[..., Any])
_ENCODE = json.JSONEncoder(ensure_ascii=False).encode  # made once: `simulate` says a million values


def file_option(command: F) -> F:
    """`--file`, also behind the command's name; the function gets `file`, the path to read."""

    @functools.wraps(command)
    def wrapper(*args: Any, file: str | None, **kwargs: Any) -> Any:
        chosen = file or click.get_current_context().obj or Settings.read(os.environ).file
        return command(*args, file=chosen, **kwargs)

    return click.option("--file", metavar="FILE", help="The clock file.")(wrapper)  # type: ignore[return-value]


json_option = click.option("--json", "as_json", is_flag=True, help="JSON for programs.")


@dataclass(frozen=True)
class Server:
    """Redis as a command sees it, and the keys of its Clock."""

    connection: redis.Redis
    keys: Keys


@contextmanager
def server(timetable: Timetable) -> Iterator[Server]:
    """The Redis of the environment. What it refuses becomes one line (RedisUnavailable)."""
    settings = Settings.read(os.environ)
    try:
        yield Server(connect(settings, "cli"), Keys(settings.key_prefix, timetable.slug))
    except redis.RedisError as error:
        raise explain(error, settings) from None


def find(timetable: Timetable, name: str) -> Schedule:
    """The schedule of that name, or slug. Raises ConfigurationError with the nearest name."""
    for schedule in timetable.schedules:
        if name in (schedule.name, schedule.slug):
            return schedule
    near = did_you_mean(name, [schedule.name for schedule in timetable.schedules])
    raise ConfigurationError(f"there is no schedule {name!r}{near}")


def read_instant(text: str, timezone: str) -> int:
    """An ISO date or time in epoch seconds; without an offset it is meant in `timezone`. Raises click.BadParameter."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a date or time such as 2026-03-29 or 2026-03-29T01:30") from None
    return int((at if at.tzinfo else at.replace(tzinfo=zone(timezone).info)).timestamp())


def iso(instant: float | None) -> str | None:
    """The instant in UTC, `…Z`, with a fraction if it has one."""
    if instant is None:
        return None
    precision = "seconds" if instant == int(instant) else "milliseconds"
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def confirm(what: str) -> None:
    """Ask whether to do that. Raises click.Abort for a no, click.UsageError where nobody can be asked."""
    if not sys.stdin.isatty():
        raise click.UsageError(f"this would {what}: say --yes where nobody can be asked")
    click.confirm(f"{what}?", abort=True, err=True)


def say_json(value: Any) -> None:
    """One JSON value on one line."""
    sys.stdout.write(_ENCODE(value) + "\n")


def span(seconds: int) -> str:
    """A length of time for people.

    >>> span(600), span(43200), span(90)
    ('10 min', '12 h', '90 s')
    """
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
