"""rq-scheduler's recurring entries, each with the line of a clock file that replaces it, ready to be pasted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from rqclock.doctor.check import Check, ok, warning
from rqclock.doctor.entry import Entry
from rqclock.errors import ConfigurationError
from rqclock.triggers import Rules, cron, every

NAME = "rq-scheduler"
DAY = 86_400
LISTED = 50
UNITS = ((3600, "hour"), (60, "minute"), (1, "second"))


def judge(entries: list[Entry]) -> Iterator[Check]:
    """One warning with a line for each."""
    if not entries:
        yield ok(NAME, "no recurring entries")
        return
    shown = entries[:LISTED]
    more = [f"# and {len(entries) - LISTED} more"] if len(entries) > LISTED else []
    yield warning(
        NAME,
        f"{len(entries)} recurring {'entry' if len(entries) == 1 else 'entries'} that the clock leaves alone",
        why="they run only while rqscheduler does, which loses an entry for ever when it is killed amid a move",
        remedy="put these lines into clock.py, deploy, then cancel the entries (Scheduler.cancel) and stop rqscheduler",
        paste=(*imports(shown), *(line for one in shown for line in lines(one)), *more),
    )


def imports(entries: list[Entry]) -> list[str]:
    """What the lines below need."""
    found = set()
    for one in entries:
        module, _, _ = (one.call[0] if one.call else "").rpartition(".")
        package, _, last = module.rpartition(".")
        if module:
            found.add(f"from {package} import {last}" if package else f"import {module}")
    return sorted(found)


def lines(one: Entry) -> Iterator[str]:
    """The line, after comments that say what it cannot."""
    when = _when(one)
    if when is None:
        yield f"# {one.id}: no line can say {_told(one)}: write this one by hand ({one.description})"
        return
    yield from _notes(one)
    if one.call is not None:
        yield f"clock.{when}.enqueue({', '.join(_arguments(one))})"
        return
    yield f"# its arguments cannot be read without running them; fill them in: {one.description or one.id}"
    yield f"# clock.{when}.enqueue({_function(one.description.partition('(')[0]) or 'FUNCTION'}, …)"


def _told(one: Entry) -> str:
    if not one.readable:
        return "times that cannot be read"
    if "cron_string" in one.meta:
        return f"cron {one.meta['cron_string']!r}"
    return f"every {one.meta.get('interval')} s"


def _notes(one: Entry) -> Iterator[str]:
    if one.queue != "default":
        yield f'# queue {one.queue}: @job(queue="{one.queue}") above the function'
    if one.timeout and one.timeout not in ("180", "180s"):
        yield f"# timeout {one.timeout} s: @job(timeout={one.timeout}) above the function"
    if one.meta.get("repeat"):
        yield f"# it was to run {one.meta['repeat']} more times; a schedule has no end: take the line out then"


def _when(one: Entry) -> str | None:
    if "cron_string" in one.meta:
        return _cron(one)
    interval = one.meta.get("interval")
    return _every(interval, one.next) if isinstance(interval, int) and interval > 0 else None


def _cron(one: Entry) -> str | None:
    """In UTC if the next run is where the expression has it in UTC: rq-scheduler counts in its own host's zone."""
    expression = " ".join(str(one.meta["cron_string"]).split())
    try:
        rule = cron(expression, rules=Rules(tz="UTC"))
    except ConfigurationError:
        return None
    in_utc = one.next and rule.after(int(one.next) - 1) == int(one.next)
    return f'cron("{expression}", tz="UTC")' if in_utc else f'cron("{expression}")'


def _every(seconds: int, following: float) -> str | None:
    if seconds % DAY:
        size, unit = next((size, unit) for size, unit in UNITS if seconds % size == 0)
        words, at = _count(seconds // size, unit), ""
    else:
        words, at = _count(seconds // DAY, "day"), f"{datetime.fromtimestamp(following, UTC):%H:%M}"
    try:
        every(words, at=at or None, rules=Rules(tz="UTC"))
    except ConfigurationError:
        return None
    return f'every("{words}", at="{at}", tz="UTC")' if at else f'every("{words}")'


def _count(number: int, unit: str) -> str:
    return unit if number == 1 else f"{number} {unit}s"


def _arguments(one: Entry) -> Iterator[str]:
    assert one.call is not None
    path, args, kwargs = one.call
    yield _function(path)
    yield from map(repr, args)
    for name, value in kwargs.items():
        yield f"{name}={value!r}" if re.fullmatch(r"[A-Za-z_]\w*", str(name)) else f"**{{{name!r}: {value!r}}}"


def _function(path: str) -> str:
    """
    >>> _function("app.tasks.report"), _function("report")
    ('tasks.report', 'report')
    """
    module, _, function = path.rpartition(".")
    return f"{module.rpartition('.')[2]}.{function}" if module else function
