"""`rqclock check`: is the clock file all right, and what will surprise people?"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import click

from rqclock.cli.common import file_option, json_option, say_json
from rqclock.cli.start import may_start
from rqclock.cli.timetable import shown
from rqclock.errors import Problem, TimetableError
from rqclock.loading import load
from rqclock.store.ticks import local
from rqclock.timetable.forecast import CROWD_LOOK, MONTHS_13, clock_changes, crowded_minutes
from rqclock.timetable.schedules import Schedule, Timetable

LISTED = 20


@dataclass(frozen=True)
class Remark:
    """What is no error and deserves a look, of a schedule or (None) of the whole file."""

    message: str
    schedule: Schedule | None = None

    def __str__(self) -> str:
        one = self.schedule
        return f"{one.file}:{one.line}: {one.name}: {self.message}" if one else self.message

    def facts(self) -> dict[str, Any]:
        """As `--json` tells it."""
        one = self.schedule
        place = {"file": one.file, "line": one.line} if one else {"file": None, "line": None}
        return {**place, "schedule": one.name if one else None, "message": self.message}


@click.command("check")
@file_option
@json_option
def check_(file: str, as_json: bool) -> None:
    """Read the clock file and tell all that is wrong with it (exit code 1), and what deserves a look."""
    try:
        timetable = load(file)
    except TimetableError as error:
        _refuse(file, error.problems, as_json=as_json)
    found = [*_of_the_file(file), *warnings(timetable, int(time.time()))]
    if as_json:
        say_json(_facts(file, (), schedules=len(timetable.schedules), found=found))
    else:
        _show(file, len(timetable.schedules), found)


def _refuse(file: str, problems: Sequence[Problem], *, as_json: bool) -> NoReturn:
    if as_json:
        say_json(_facts(file, problems))
    else:
        click.echo("\n".join(map(str, problems)), err=True)
    raise click.exceptions.Exit(1)


def _facts(
    file: str, problems: Sequence[Problem], *, schedules: int | None = None, found: Sequence[Remark] = ()
) -> dict[str, Any]:
    """For programs. `schedules` is how many there are, None where the file cannot be used."""
    errors = [{"file": one.file, "line": one.line, "message": one.message} for one in problems]
    return {"file": file, "schedules": schedules, "errors": errors, "warnings": [one.facts() for one in found]}


def _show(file: str, schedules: int, found: Sequence[Remark]) -> None:
    for warning in found[:LISTED]:
        click.echo(f"warning: {warning}")
    if len(found) > LISTED:
        click.echo(f"warning: and {len(found) - LISTED} more; rqclock explain NAME tells those of one schedule")
    click.echo(f"{file}: {schedules} schedules, no errors, {len(found)} warnings")


def _of_the_file(file: str) -> Iterator[Remark]:
    if not may_start(file):  # where it is started again whenever it ends, nobody would ever see why nothing runs
        yield Remark(
            f'nothing in it starts the clock: "python {file}" ends at once; add if __name__ == "__main__": clock.run()'
        )


def warnings(timetable: Timetable, now: int) -> Iterator[Remark]:
    """What is no error and deserves a look, `now` being the instant from which it is looked ahead."""
    if not timetable.schedules:
        yield Remark("it has no schedule: with --take-over a clock would switch off all that are in force")
    for touch in clock_changes(timetable.schedules, now, now + MONTHS_13):
        yield Remark(touch.text, touch.schedule)
    for schedule in timetable.schedules:
        if schedule.trigger is not None and schedule.enabled and not _fires(schedule.after(now), now):
            yield Remark("not due once in the next 5 years", schedule)
    crowded = list(crowded_minutes(timetable.schedules, now, now + CROWD_LOOK))
    if crowded:
        minute, count = max(crowded, key=lambda pair: pair[1])
        at = shown(local(minute, timetable.timezone))
        yield Remark(f"{count} schedules are due in one minute, {at}: see spread=")


def _fires(tick: int | None, now: int) -> bool:
    return tick is not None and tick - now < 5 * 366 * 86_400
