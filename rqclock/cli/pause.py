"""`rqclock pause`, `resume` and `skip-next`: keep runs from happening, with who and why."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from rqclock.acts.activity import ALL, By
from rqclock.acts.marks import Target
from rqclock.acts.pauses import Pause, Pauses, Preview
from rqclock.acts.skips import Skip, Skips
from rqclock.cli.activity import to_the_log
from rqclock.cli.common import iso, json_option, say_json
from rqclock.cli.in_force import InForce, acting, in_force, one_or_all
from rqclock.cli.moments import coming
from rqclock.views.wording import when


@click.command("pause")
@one_or_all
@click.option("--reason", required=True, help="Why: shown wherever the pause is.")
@click.option("--until", metavar="TIME", help='End it by itself: 2026-11-23T08:00, 08:00 or "2 hours".')
@acting
@in_force
@json_option
@to_the_log
def pause_(there: InForce, by: By, name: str | None, until: str | None, as_json: bool) -> None:
    """Let nothing of a schedule (or of --all) be queued; what falls due is skipped, with your name and reason."""
    if not by.why:
        raise click.BadParameter("say why: it is shown wherever the pause is", param_hint="--reason")
    target = None if name is None else there.find(name)
    timezone = target.timezone if target else there.timezone
    end = None if until is None else coming(until, timezone, there.now(), option="--until")
    before = Pauses(there.connection, there.keys).pause(target, by, until=end)
    if as_json:
        say_json({"schedule": target.name if target else ALL, "until": iso(end), "replaced": _facts(before)})
        return
    replaced = f" (it was {before.words()} before)" if before else ""
    click.echo(f"paused {_named(target)} until {when(end, timezone) if end else 'it is resumed'}{replaced}")


@click.command("resume")
@one_or_all
@click.option("--dry-run", is_flag=True, help="Only show what it would mean.")
@click.option("--reason", default="", help="Why, for the activity.")
@acting
@in_force
@json_option
@to_the_log
def resume_(there: InForce, by: By, name: str | None, dry_run: bool, as_json: bool) -> None:
    """End a pause. What fell due in it stays skipped. Exit code 1 if there was none."""
    target = None if name is None else there.find(name)
    pauses = Pauses(there.connection, there.keys)
    preview = pauses.preview(target) if dry_run else pauses.resume(target, by)
    if as_json:
        say_json(_preview_facts(preview))
    else:
        done = f"{'would resume' if dry_run else 'resumed'} {_named(target)}"
        lines = _lines(preview, there.timezone, done) if preview else [_nothing(target, pauses.in_force().get(ALL))]
        click.echo("\n".join(lines))
    if preview is None:
        raise click.exceptions.Exit(1)


@click.command("skip-next")
@click.argument("name")
@click.option("--undo", is_flag=True, help="Let it run after all.")
@click.option("--reason", default="", help="Why, for the history.")
@acting
@in_force
@json_option
@to_the_log
def skip_next_(there: InForce, by: By, name: str, undo: bool, as_json: bool) -> None:
    """Leave out the next run of a schedule, that one only."""
    schedule = there.find(name)
    skips = Skips(there.connection, there.keys)
    skip = skips.take_back(schedule, by) if undo else skips.skip_next(schedule, by)
    if as_json:
        say_json(None if skip is None else asdict(skip) | {"tick": iso(skip.tick)})
    else:
        click.echo(_said(skip, schedule.name, schedule.timezone, undo=undo))
    if skip is None:
        raise click.exceptions.Exit(1)


def _said(skip: Skip | None, name: str, timezone: str, *, undo: bool) -> str:
    if skip is None:
        return f"no run of {name} is to be skipped"
    if undo:
        return f"{name} will run at {when(skip.tick, timezone)} after all"
    return f"{name} {'is to be' if skip.already else 'will be'} {skip.words()}: the run of {when(skip.tick, timezone)}"


def _nothing(target: Target, of_all: Pause | None) -> str:
    """Why there is nothing to resume; `of_all` is a pause of everything."""
    if target is None:
        return "nothing to resume: there is no pause of all schedules"
    if of_all is None:
        return f"nothing to resume: {target.name} is not paused"
    return f"{target.name} is not paused by itself: everything is {of_all.words()}; to end that: rqclock resume --all"


def _lines(preview: Preview, timezone: str, done: str) -> list[str]:
    came = f"{'more than ' if preview.more else ''}{preview.came:,}"
    coming = [f"  {when(tick, schedule.timezone)}  {schedule.name}" for tick, schedule in preview.next]
    return [
        f"{done}: it was {preview.pause.words()}, since {when(preview.pause.at, timezone)}",
        f"{came} runs fell due meanwhile and stay skipped (rqclock backfill queues them after all)",
        *(f"{'everything' if one.slug == ALL else one.slug} stays {one.words()}" for one in preview.still),
        *(["next:", *coming] if coming else ["next: nothing"]),
    ]


def _named(target: Any) -> str:
    return "everything" if target is None else str(target.name)


def _facts(pause: Pause | None) -> dict[str, Any] | None:
    if pause is None:
        return None
    return asdict(pause) | {"at": iso(pause.at), "until": iso(pause.until)}


def _preview_facts(preview: Preview | None) -> dict[str, Any] | None:
    if preview is None:
        return None
    return {
        "pause": _facts(preview.pause),
        "came": preview.came,
        "more": preview.more,
        "next": [{"schedule": schedule.name, "tick": iso(tick)} for tick, schedule in preview.next],
        "still": [_facts(pause) for pause in preview.still],
    }
