"""The clock file that lies here, read as `rqclock check` reads it; and the zones that it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

from rqclock.doctor.check import Check, failure, ok, unknown, warning
from rqclock.errors import ConfigurationError, TriggerError
from rqclock.loading import load
from rqclock.running.zone_age import is_old
from rqclock.settings import Settings
from rqclock.timetable.schedules import Timetable
from rqclock.triggers import zone_data
from rqclock.triggers.zones import zone

NAME = "clock file"


def read(settings: Settings, environ: Mapping[str, str]) -> tuple[Timetable | None, list[Check]]:
    """The timetable, if the file can be used."""
    if not Path(settings.file).is_file() and not environ.get("RQCLOCK_FILE"):
        what = f"there is no {settings.file} here; going by the timetable in force in Redis"
        return None, [unknown(NAME, what, remedy="run the doctor beside the clock file, or set RQCLOCK_FILE")]
    try:
        timetable = load(settings.file)
    except ConfigurationError as error:
        return None, [_broken(line) for line in str(error).splitlines()]
    count = len(timetable.schedules)
    return timetable, [ok(NAME, f"{settings.file}: {count} {'schedule' if count == 1 else 'schedules'}")]


def _broken(line: str) -> Check:
    why = "the clock refuses to start, so nothing is queued after the deploy"
    return failure(NAME, line, why=why, remedy="`rqclock check` tells all that is wrong with the file")


def zones(names: Iterable[str], today: date) -> Iterator[Check]:
    """The age of the zone data, and those zones that it lacks."""
    wanted = sorted(set(names))
    missing = [line for name in wanted if (line := _missing(name))]
    for line in missing:
        why = "its schedules would have no time"
        yield failure("zone data", line, why=why, remedy="update the tzdata package, or correct the name")
    version, source = zone_data()
    line = f"{version or 'of an unknown version'} ({source})"
    if is_old(version, today):
        why = "governments change their clocks at a few weeks' notice; old data runs jobs an hour wrong"
        yield warning("zone data", f"{line} is old", why=why, remedy="pip install --upgrade tzdata, and build anew")
    elif not missing:
        yield ok("zone data", f"{line}; {', '.join(wanted) or 'no zone is named'}")


def _missing(name: str) -> str:
    try:
        zone(name)
    except TriggerError as error:
        return str(error)
    return ""
