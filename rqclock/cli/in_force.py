"""What commands share that act on, or ask about, the timetable in force in Redis, whatever clock file lies here."""

from __future__ import annotations

import functools
import getpass
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
import redis

from rqclock.acts.activity import By
from rqclock.cli.common import file_option, find, server
from rqclock.errors import ConfigurationError, did_you_mean
from rqclock.loading import load
from rqclock.settings import Settings
from rqclock.store.in_force import read_schedule, read_schedules
from rqclock.store.keys import Keys
from rqclock.store.names import Names
from rqclock.store.presence import clocks
from rqclock.store.replies import text
from rqclock.store.server_now import clocks_now
from rqclock.store.ticks import slug
from rqclock.store.versions import read_versions, slugs
from rqclock.timetable.schedules import Schedule

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class InForce:
    """Redis, the keys of the Clock that is meant, and what is in force there."""

    connection: redis.Redis
    keys: Keys

    @property
    def timezone(self) -> str:
        """The zone of the Clock."""
        return text(self.connection.hget(self.keys.named("timetable"), "timezone") or "UTC")

    def now(self) -> float:
        """Redis's time in epoch seconds."""
        return clocks_now(self.connection, self.keys)

    def find(self, name: str) -> Schedule:
        """The schedule in force of that name, or slug. Raises ConfigurationError with the nearest name, or today's."""
        schedules = read_schedules(self.connection, self.keys)
        today = self._today(name)
        if now := next((schedule.name for schedule in schedules if schedule.slug == today), None):
            raise ConfigurationError(
                f"there is no schedule {name!r} in the timetable in force: it is called {now!r} now"
            )
        return self._chosen(name, schedules)

    def find_ever(self, name: str) -> Schedule:
        """Likewise, or its last definition if it has left the timetable; by a name that it had before, too."""
        today = self._today(name)
        schedule = self._find_ever(today or name)
        if today:
            click.echo(f"{name!r} is called {schedule.name!r} now", err=True)
        return schedule

    def _find_ever(self, name: str) -> Schedule:
        found = self.connection.hget(self.keys.named("definitions"), slug(name))
        schedule = None if found is None else read_schedule(found, where=f"the definition of {slug(name)}")
        if schedule is not None and name in (schedule.name, schedule.slug):
            return schedule
        kept = [read_versions(self.connection, self.keys, one) for one in slugs(self.connection, self.keys)]
        return self._chosen(name, [versions[-1].schedule for versions in kept if versions])

    def _today(self, name: str) -> str | None:
        """The slug of today of a schedule that had this name before."""
        today = Names.read(self.connection, self.keys).today(slug(name))
        return None if today == slug(name) else today

    def _chosen(self, name: str, schedules: list[Schedule]) -> Schedule:
        if not schedules:
            raise ConfigurationError(
                f"no clock has published a timetable under {self.keys.clock!r}: start a clock first"
            )
        return find(schedules, name, where=" in the timetable in force")


def in_force(command: F) -> F:
    """`--file` and `--clock`; the function gets `there`, an InForce. What Redis refuses becomes one line."""

    @functools.wraps(command)
    def wrapper(*args: Any, file: str, clock: str | None, **kwargs: Any) -> Any:
        with _open(file, clock) as there:
            return command(*args, there=there, **kwargs)

    option = click.option("--clock", metavar="NAME", help="The Clock's name, where there is no clock file.")
    return file_option(option(wrapper))  # type: ignore[return-value]


def acting(command: F) -> F:
    """`--by`; the function gets `by`, who acts and from where, with its `reason`."""

    @functools.wraps(command)
    def wrapper(*args: Any, by: str | None, reason: str, **kwargs: Any) -> Any:
        return command(*args, by=By(by or _user(), reason, f"cli on {socket.gethostname()}"), **kwargs)

    return click.option("--by", metavar="WHO", help="Who does it (default: the user of this shell).")(wrapper)  # type: ignore[return-value]


def one_or_all(command: F) -> F:
    """`NAME` or `--all`; the function gets `name`, None for all."""

    @functools.wraps(command)
    def wrapper(*args: Any, name: str | None, everything: bool, **kwargs: Any) -> Any:
        if (name is None) != everything:
            raise click.UsageError("say the NAME of one schedule, or --all")
        return command(*args, name=name, **kwargs)

    option = click.option("--all", "everything", is_flag=True, help="All schedules, also those of later timetables.")
    return click.argument("name", required=False)(option(wrapper))  # type: ignore[return-value]


@contextmanager
def _open(file: str, clock: str | None) -> Iterator[InForce]:
    settings = Settings.read(os.environ)
    with server(settings) as connection:
        yield InForce(connection, Keys(settings.key_prefix, _clock(connection, settings, file, clock)))


def _clock(connection: redis.Redis, settings: Settings, file: str, clock: str | None) -> str:
    """The slug of the Clock that is meant: as said, of the clock file, or of the only one there is."""
    if clock is not None:
        return _named(clock, clocks(connection, settings.key_prefix))
    try:
        return load(file).slug
    except ConfigurationError as problem:
        names = clocks(connection, settings.key_prefix)
        if len(names) != 1:
            which = f"{problem}\nor say with --clock which is meant: {', '.join(names)}"
            raise ConfigurationError(which if names else str(problem)) from None
        if Path(file).is_file() or file != Settings.file:  # who has no clock file and names none expects no other
            click.echo(f"{file} cannot be used; going by the timetable of {names[0]!r} in Redis", err=True)
        return slug(names[0])


def _named(clock: str, names: Sequence[str]) -> str:
    """The slug of the Clock of that name. Raises ConfigurationError where there are others, and not this one."""
    if names and slug(clock) not in map(slug, names):
        near = did_you_mean(clock, names) or f": those there are: {', '.join(names)}"
        raise ConfigurationError(f"there is no Clock {clock!r}{near}")
    return slug(clock)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"user {os.getuid()}"
