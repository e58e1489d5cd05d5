"""How pauses and skipped runs are shown beside schedules."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import click
import redis

from rqclock.acts.activity import ALL, By
from rqclock.acts.pauses import Pauses
from rqclock.acts.skips import Skips
from rqclock.cli.common import iso
from rqclock.connection import connect, explain
from rqclock.settings import Settings
from rqclock.store.keys import Keys
from rqclock.timetable.schedules import Timetable
from rqclock.views.wording import when

Shown = Mapping[str, Any] | None


def words(paused: Shown, skip: Shown, timezone: str) -> str:
    """`paused by Ann: the register is down, until …`; `skips … (by Ann)`; empty when neither holds."""
    if paused:
        until = f", until {when(paused['until'], timezone)}" if paused["until"] is not None else ""
        return By(paused["by"], paused["why"]).words("paused") + until
    return f"{when(skip['tick'], timezone)} {By(skip['by'], skip['why']).words('skipped')}" if skip else ""


def facts(paused: Shown, skip: Shown) -> dict[str, Any]:
    """Those that hold, for programs."""
    found = {}
    if paused:
        found["paused"] = {**paused, "at": iso(paused["at"]), "until": iso(paused["until"])}
    if skip:
        found["skip"] = {**skip, "tick": iso(skip["tick"])}
    return found


@dataclass(frozen=True)
class Marks:
    """The pauses and skips of a Clock, by slug."""

    paused: dict[str, dict[str, Any]] = field(default_factory=dict)
    skips: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, connection: redis.Redis, keys: Keys) -> Marks:
        """Those that hold. Raises redis.RedisError."""
        paused, skips = Pauses(connection, keys).in_force(), Skips(connection, keys).coming()
        return cls(*({slug: asdict(mark) for slug, mark in found.items()} for found in (paused, skips)))

    def of(self, slug: str) -> tuple[Shown, Shown]:
        """The pause and the skip that hold for a schedule."""
        return self.paused.get(slug) or self.paused.get(ALL), self.skips.get(slug)


def marks_of(timetable: Timetable) -> Marks:
    """Those of a timetable; without a Redis none, and a line that says so, for what is shown needs none."""
    settings = Settings.read(os.environ)
    try:
        with connect(settings, "cli", answer_timeout=1.0) as connection:
            return Marks.read(connection, Keys(settings.key_prefix, timetable.slug))
    except redis.RedisError as error:
        click.echo(f"without what is paused or skipped: {explain(error, settings)}", err=True)
        return Marks()
