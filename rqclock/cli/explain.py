"""`rqclock explain NAME`: a schedule in words."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import click

from rqclock.cli.common import file_option, find, iso, json_option, say_json, span
from rqclock.cli.timetable import facts, run_facts, run_line
from rqclock.loading import load
from rqclock.masks import shown_call
from rqclock.store.in_force import next_run
from rqclock.timetable import retries
from rqclock.timetable.forecast import MONTHS_13, clock_changes
from rqclock.timetable.schedules import Policies, Schedule

LATE = {
    "latest": "the latest missed run is caught up once if it is not older than {}, the others are recorded as missed",
    "all": "missed runs not older than {} are caught up, the others are recorded as missed",
    "none": "missed runs are recorded, and not caught up",
}
OVERLAP = {"allow": "runs beside it", "skip": "is skipped, and recorded as such"}
RUNS = 3


@click.command("explain")
@click.argument("name")
@file_option
@json_option
def explain_(name: str, file: str, as_json: bool) -> None:
    """When a schedule runs, what it runs, and what happens if it is late, in words."""
    schedule, now = find(load(file).schedules, name), int(time.time())
    if as_json:
        say_json(_facts(schedule, now))
        return
    for line in words(schedule, now):
        click.echo(line)


def words(schedule: Schedule, now: int) -> Iterator[str]:
    """The lines of the explanation; `now` is where the coming runs begin."""
    policies, options = schedule.policies, retries.in_force(schedule)
    yield f"{schedule.name} ({schedule.file}:{schedule.line})"
    if schedule.description:
        yield f"  {schedule.description}"
    yield f"  runs {_when(schedule)}" + ("" if schedule.enabled else "; SWITCHED OFF")
    yield f"  queues {call(schedule)} on {options.queue!r}; at most {span(options.timeout)}, {options.retries} retries"
    if schedule.trigger is not None:
        yield f"  if later than {span(policies.late_ok)}: {_late(policies)}"
        yield f"  if the run before is still going, the next {OVERLAP[policies.overlap]}"
        yield from _promises(schedule)
    if schedule.predicate is not None:
        yield f"  only when {_condition(schedule)} says so, asked at each run"
    if not schedule.run_now:
        yield "  nobody may start it by hand"
    if schedule.owner:
        yield f"  owner: {schedule.owner}"
    for touch in clock_changes([schedule], now, now + MONTHS_13):
        yield f"  clock change: {touch.text}"
    yield from (f"  next: {run_line(schedule, tick)}" for tick in _runs(schedule, now))


def _late(policies: Policies) -> str:
    """What becomes of a run that is later than what still counts as on time."""
    if policies.catch_up == "none" or policies.catch_up_within <= policies.late_ok:
        return LATE["none"]
    return LATE[policies.catch_up].format(span(policies.catch_up_within))


def _promises(schedule: Schedule) -> Iterator[str]:
    """What an alert would be about."""
    policies = schedule.policies
    spans = {"started": policies.must_start_within, "finished": policies.must_finish_within}
    for verb, within in spans.items():
        if within is not None:
            yield f"  an alert if it has not {verb} within {span(within)}"


def _when(schedule: Schedule) -> str:
    if schedule.trigger is None:
        return schedule.words
    later = f", {span(schedule.spread)} after that time (its share of spread=)" if schedule.spread else ""
    return f"{schedule.words}, {schedule.timezone} time{later}"


def call(schedule: Schedule) -> str:
    """The call as it would be written, without what nobody should read."""
    target = schedule.target
    return shown_call(target.path, target.options.sensitive, target.args, target.kwargs)


def _facts(schedule: Schedule, now: int) -> dict[str, Any]:
    """All that `list` says of it to programs, and the rest."""
    policies, options = schedule.policies, retries.in_force(schedule)
    runs, changes = _runs(schedule, now), clock_changes([schedule], now, now + MONTHS_13)
    return facts(schedule, next_run(schedule, now)) | {
        "file": schedule.file,
        "line": schedule.line,
        "owner": schedule.owner,
        "call": call(schedule),
        "timeout": options.timeout,
        "retries": options.retries,
        "late_ok": policies.late_ok,
        "overlap": policies.overlap,
        "spread": schedule.spread,
        "condition": _condition(schedule),
        "run_now": schedule.run_now,
        "runs": [run_facts(schedule, tick) | {"note": schedule.note(tick)} for tick in runs],
        "clock_changes": [{"tick": iso(touch.tick), "text": touch.text} for touch in changes],
    }


def _condition(schedule: Schedule) -> str | None:
    """The name of what `if_` says."""
    found = schedule.predicate
    return None if found is None else getattr(found, "__qualname__", "its condition")


def _runs(schedule: Schedule, now: int) -> Iterator[int]:
    """The coming ones, a few."""
    tick = next_run(schedule, now)
    for _ in range(RUNS):
        if tick is None:
            return
        yield tick
        tick = next_run(schedule, tick)
