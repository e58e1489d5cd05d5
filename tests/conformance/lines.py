"""From an event of a clockwork file to the one line that says it in ours."""

from __future__ import annotations

from typing import Any, NamedTuple

from rqclock.triggers import Rules, Trigger, every

WEEK = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


class Line(NamedTuple):
    """`every(period, at=at, on=on)`."""

    period: str
    at: list[str] | None
    on: list[int] | None = None

    def trigger(self, rules: Rules) -> Trigger:
        return every(self.period, at=self.at, on=self.on, rules=rules)


def line_of(event: dict[str, Any], *, count: int | None = None) -> Line:
    """The line for an event; with another count of its period if one is given.

    A condition on the weekday or the day of the month becomes part of the line. One on application data is `if_`.
    """
    period, at, condition = event["period"], event["at"], event["if"] or {}
    if condition.get("op") == "wday_in" and condition["wdays"] == [1, 2, 3, 4, 5]:
        return Line("weekday", at)
    if condition.get("op") == "wday_in":
        return Line("week", [f"{WEEK[day]} {time}" for day in condition["wdays"] for time in at])
    if condition.get("op") == "day_in":
        return Line("month", at, condition["days"])
    return Line(f"{count or period['n']} {period['unit']}s", at)
