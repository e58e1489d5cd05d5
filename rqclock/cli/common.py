"""What several commands share: their options, the clock file, the connection, and how times are shown."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import click
import redis

from rqclock.connection import connect, explain
from rqclock.errors import ConfigurationError, did_you_mean
from rqclock.loading import existing
from rqclock.settings import Settings
from rqclock.timetable.schedules import Schedule

F = TypeVar("F", bound=Callable[..., Any])
_ENCODE = json.JSONEncoder(ensure_ascii=False).encode  # made once: `simulate` says a million values


def file_option(command: F) -> F:
    """`--file`, also behind the command's name; the function gets `file`, the path to read.

    One that is named there has to exist: whoever mistypes it must not act on another Clock.
    """

    @functools.wraps(command)
    def wrapper(*args: Any, file: str | None, **kwargs: Any) -> Any:
        named = file or click.get_current_context().obj
        if named:
            existing(named)
        return command(*args, file=named or Settings.read(os.environ).file, **kwargs)

    return click.option("--file", metavar="FILE", help="The clock file.")(wrapper)  # type: ignore[return-value]


json_option = click.option("--json", "as_json", is_flag=True, help="JSON for programs.")


@contextmanager
def server(settings: Settings) -> Iterator[redis.Redis]:
    """A connection to the Redis of the settings. What it refuses becomes one line (RedisUnavailable)."""
    connection = connect(settings, "cli")
    try:
        yield connection
    except redis.RedisError as error:
        raise explain(error, settings) from None
    finally:
        connection.close()


def find(schedules: Sequence[Schedule], name: str, *, where: str = "") -> Schedule:
    """The schedule of that name, or slug. Raises ConfigurationError with the nearest name; `where` says among which."""
    for schedule in schedules:
        if name in (schedule.name, schedule.slug):
            return schedule
    near = did_you_mean(name, [schedule.name for schedule in schedules])
    raise ConfigurationError(f"there is no schedule {name!r}{where}{near}")


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


def say_missing(asked: Iterable[str], found: Iterable[str], what: str) -> list[str]:
    """Those asked for that are not there, each told on standard error: `what` says what it is not."""
    missing = sorted(set(asked) - set(found))
    for one in missing:
        click.echo(f"{one}: {what}", err=True)
    return missing


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
