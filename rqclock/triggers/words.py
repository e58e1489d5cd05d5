"""A line of the timetable in words, for `list`, `explain` and the pages."""

from __future__ import annotations

from collections.abc import Sequence

from rqclock.triggers.rules import Line

_HOLIDAY_WORDS = {
    "next": ", on the next working day if that is a holiday",
    "previous": ", on the last working day before if that is a holiday",
    "skip": ", not on holidays",
}


def words(line: Line) -> str:
    """The line as people say it, without its zone: "every working day at 10:35"."""
    said = _cron_words(line.when) if line.kind == "cron" else _every_words(line)
    return said + _HOLIDAY_WORDS.get(line.rules.if_holiday or "", "")


def listed(items: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join(", ".join(items).rsplit(", ", 1))


def _cron_words(expression: str) -> str:
    from cronsim.explain import Expression

    fields = expression.upper().split()
    said = Expression(fields if len(fields) == 6 else ["0", *fields]).explain()
    return said[0].lower() + said[1:]


def _every_words(line: Line) -> str:
    days = list(dict.fromkeys(entry.split()[0] for entry in line.at if " " in entry))
    times = list(dict.fromkeys(entry.split()[-1] for entry in line.at))
    if {f"{day} {time}" for day in days for time in times} != set(line.at):  # not the same times on each of the days
        days, times = [], list(line.at)
    when = listed(days) if days and line.when in ("day", "7 days", "week") else line.when
    on = [*([_on_words(line.on)] if line.on else []), *([listed(days)] if days and when == line.when else [])]
    return f"every {when}{''.join(f' on {day}' for day in on)}{_at_words(times)}"


def _on_words(on: Sequence[str]) -> str:
    is_date = on[0][0].isdigit() and " " in on[0]  # "25 December", not "25th"
    return on[0] if is_date else f"the {listed(on)}"


def _at_words(times: Sequence[str]) -> str:
    if not times:
        return ""
    if all(time.endswith(":**") for time in times):
        return " " + listed([_window_words(time) for time in times])
    return f" at {listed([time.replace('**:', ':') for time in times])}"


def _window_words(entry: str) -> str:
    *day, time = entry.split()
    return " ".join([*day, f"from {time[:2]}:00 to {time[:2]}:59"])
