"""How pauses and skipped runs are shown beside schedules."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import redis

from rqclock.acts.activity import ALL, By
from rqclock.acts.pauses import Pauses
from rqclock.acts.skips import Skips
from rqclock.cli.common import iso
from rqclock.connection import connect
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


class Marks:
    """The pauses and skips of a timetable, by slug; none when Redis cannot be asked, for a list needs none."""

    def __init__(self, timetable: Timetable) -> None:
        settings = Settings.read(os.environ)
        keys = Keys(settings.key_prefix, timetable.slug)
        self._paused: dict[str, dict[str, Any]] = {}
        self._skips: dict[str, dict[str, Any]] = {}
        try:
            with connect(settings, "cli", answer_timeout=1.0) as connection:
                self._paused = {slug: asdict(pause) for slug, pause in Pauses(connection, keys).in_force().items()}
                self._skips = {slug: asdict(skip) for slug, skip in Skips(connection, keys).coming().items()}
        except redis.RedisError:
            return

    def of(self, slug: str) -> tuple[Shown, Shown]:
        """The pause and the skip that hold for a schedule."""
        return self._paused.get(slug) or self._paused.get(ALL), self._skips.get(slug)
