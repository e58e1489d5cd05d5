"""`rqclock activity`: who did what, when and why."""

from __future__ import annotations

import csv
import functools
import json
import logging
import sys
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from rqclock.acts.activity import ALL, Entry, log, read
from rqclock.cli.common import json_option, say_json
from rqclock.cli.in_force import InForce, in_force
from rqclock.cli.moments import past
from rqclock.cli.table import show_table
from rqclock.logs import Json
from rqclock.views.wording import detail_words, when

F = TypeVar("F", bound=Callable[..., Any])
SHOWN = 50
COLUMNS = ("at", "who", "what", "schedule", "why", "where", "detail")
FORMULA = ("=", "+", "-", "@", "\t")


@click.command("activity")
@click.option("-n", "count", type=click.IntRange(1), help=f"How many (default: {SHOWN}; with --since or --csv all).")
@click.option("--since", metavar="TIME", help='From then on: 2026-11-23, 08:00 or "2 days".')
@click.option("--csv", "as_csv", is_flag=True, help="CSV, for a spreadsheet.")
@in_force
@json_option
def activity_(there: InForce, count: int | None, since: str | None, as_csv: bool, as_json: bool) -> None:
    """What people did to the timetable, and what befell it, newest first. It is kept 90 days."""
    timezone = there.timezone
    start = None if since is None else past(since, timezone, there.now(), option="--since")
    limit = count or (None if start is not None or as_csv else SHOWN)
    entries = read(there.connection, there.keys, since=start, limit=limit)
    if as_csv:
        _write(entries)
    elif as_json:
        for entry in entries:
            say_json(entry.facts())
    else:
        _show(list(entries), timezone, nothing="nothing yet" if since is None else f"nothing since {since}")


def to_the_log(command: F) -> F:
    """Where nobody sits at a terminal, a command that acts writes its log line to standard error."""

    @functools.wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if sys.stderr.isatty():
            return command(*args, **kwargs)
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(Json("cli"))
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        try:
            return command(*args, **kwargs)
        finally:
            log.removeHandler(handler)

    return wrapper  # type: ignore[return-value]


def _write(entries: Iterable[Entry]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(COLUMNS)
    for entry in entries:
        facts = entry.facts() | {"detail": json.dumps(entry.detail, ensure_ascii=False) if entry.detail else ""}
        writer.writerow([_cell(str(facts[column])) for column in COLUMNS])


def _cell(value: str) -> str:
    """What a spreadsheet would take for a formula is text to it behind an apostrophe."""
    return f"'{value}" if value.startswith(FORMULA) else value


def _show(entries: list[Entry], timezone: str, *, nothing: str) -> None:
    if not entries:
        click.echo(nothing)
        return
    rows = []
    for entry in entries:
        schedule = "all" if entry.schedule == ALL else entry.schedule
        told = [entry.who, entry.what, schedule, entry.why, entry.where, detail_words(entry.details())]
        rows.append([when(entry.at, timezone), *told])
    show_table(["When", "Who", "What", "Schedule", "Why", "From where", "Detail"], rows)
