"""The options a schedule's line may carry, and the defaults its Clock may set for them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypedDict

from rqclock.errors import ConfigurationError, did_you_mean
from rqclock.jobs.arguments import check_condition
from rqclock.jobs.option_values import belongs_above
from rqclock.timetable.schedules import CATCH_UP_CEILING, Policies
from rqclock.triggers import Rules, Trigger
from rqclock.triggers.interval import IntervalTrigger
from rqclock.triggers.period import SECONDS, read_period

Span = str | int | timedelta


class Defaults(TypedDict, total=False):
    """What a Clock may set for all its schedules."""

    gap: Literal["next", "shift", "skip"]
    fold: Literal["first", "second", "both"]
    calendar: str
    if_holiday: Literal["next", "previous", "skip"]
    catch_up: Literal["latest", "all", "none"]
    catch_up_within: Span
    late_ok: Span
    overlap: Literal["allow", "skip"]
    spread: Span
    must_start_within: Span
    must_finish_within: Span
    owner: str
    enabled: bool
    run_now: bool


class Unnamed(Defaults, total=False):
    """What a line may carry besides its time and name."""

    tz: str
    description: str
    renamed_from: str
    if_: Callable[[datetime], bool]


class Options(Unnamed, total=False):
    """What a line may carry besides its time."""

    name: str


CHOICES: Mapping[str, tuple[str, ...]] = {
    "gap": ("next", "shift", "skip"),
    "fold": ("first", "second", "both"),
    "if_holiday": ("next", "previous", "skip"),
    "catch_up": ("latest", "all", "none"),
    "overlap": ("allow", "skip"),
}
SPANS = ("catch_up_within", "late_ok", "spread", "must_start_within", "must_finish_within")
PROMISES = ("must_start_within", "must_finish_within")
TEXTS = ("name", "tz", "renamed_from", "description", "owner", "calendar")
TIMES = ("at", "on")
OTHER_WORDS = {"timezone": "tz", "time_zone": "tz", "zone": "tz", "if": "if_", "when": "if_", "jitter": "spread"}
FLAGS = ("enabled", "run_now")
NAME_LENGTH = 100
LENGTHS = {**SECONDS, "day": 86400, "week": 7 * 86400}


def check(options: Mapping[str, Any], known: type) -> None:
    """Raise ConfigurationError for an option that is not in `known` (Defaults or Options), or holds what it can't."""
    names = list(known.__annotations__)  # a subclass of a TypedDict lists its parents' keys too
    for option, value in options.items():
        if option not in names:
            raise ConfigurationError(belongs_above(option, value) or _unknown(option, names))
        _check_value(option, value)


def _unknown(option: str, names: list[str]) -> str:
    if option in TIMES:
        return f"{option}= belongs to every(…): this line says already when it is due, or that it never is"
    instead = OTHER_WORDS.get(option)
    hint = f'; did you mean "{instead}"?' if instead in names else did_you_mean(option, [*names, *TIMES])
    return f"unknown option {option!r}{hint}"


def _check_value(option: str, value: Any) -> None:
    if option in CHOICES and value not in CHOICES[option]:
        allowed = " or ".join(f'"{choice}"' for choice in CHOICES[option])
        raise ConfigurationError(f"{option}={value!r}: say {allowed}{did_you_mean(str(value), CHOICES[option])}")
    if option in TEXTS and (not isinstance(value, str) or not value.strip()):
        raise ConfigurationError(f"{option}={value!r}: say a text")
    if option in FLAGS and not isinstance(value, bool):
        raise ConfigurationError(f"{option}={value!r}: say True or False")
    if option in SPANS:
        _check_span(option, value)
    if option == "name":
        _check_name(value)
    if option == "if_":
        _check_condition(value)


def _check_condition(value: Any) -> None:
    if not callable(value):
        raise ConfigurationError(f"if_={value!r}: say a function of the local time, such as lambda t: t.day <= 7")
    check_condition(value)


def _check_span(option: str, value: Any) -> None:
    found = seconds(option, value)
    if option in PROMISES and found < 1:
        raise ConfigurationError(f"{option}={value!r}: say 1 second or more, for no run starts at its very instant")
    if option == "late_ok" and found < 1:
        raise ConfigurationError(f"late_ok={value!r}: say 1 second or more, for no run is queued at its very instant")


def _check_name(name: str) -> None:
    if len(name) > NAME_LENGTH:
        raise ConfigurationError(f"a name of {len(name)} characters: {NAME_LENGTH} are the most")
    if not name.isprintable() or name != name.strip():
        raise ConfigurationError(f"name={name!r}: leave out control characters and spaces around it")


def rules(options: Mapping[str, Any], timezone: str) -> Rules:
    """The part of the options that decides on time."""
    chosen = {name: options[name] for name in ("gap", "fold", "calendar", "if_holiday") if name in options}
    return Rules(tz=options.get("tz", timezone), **chosen)


def for_line(rules: Rules, build: Callable[[Rules], Trigger]) -> Rules:
    """A Clock's rules as they fit a line of its own: a default that moves days means nothing to "10 minutes"."""
    if rules.if_holiday not in ("next", "previous"):
        return rules
    without = replace(rules, if_holiday=None)
    return without if isinstance(build(without), IntervalTrigger) else rules


def policies(options: Mapping[str, Any], period: int) -> Policies:
    """What happens to a late tick. `period` is the trigger's, in seconds: so much is caught up, at most 12 hours."""
    spans: dict[str, Any] = {
        name: seconds(name, options[name]) for name in SPANS if name != "spread" and name in options
    }
    start, finish = (spans.get(name) for name in PROMISES)
    if start is not None and finish is not None and finish < start:
        raise ConfigurationError("must_finish_within is less than must_start_within: what has finished has started")
    spans.setdefault("catch_up_within", min(period, CATCH_UP_CEILING))
    chosen = {name: options[name] for name in ("catch_up", "overlap") if name in options}
    return Policies(**spans, **chosen)


def seconds(option: str, value: Span) -> int:
    """A span of time in seconds: `"90 minutes"`, a number of seconds, a timedelta."""
    try:
        found = value if isinstance(value, int) and not isinstance(value, bool) else _seconds_of(value)
    except ConfigurationError as error:
        raise ConfigurationError(f"{option}={value!r}: {error}") from None
    if found < 0:
        raise ConfigurationError(f"{option}={value!r}: a span of time can't be negative")
    return found


def _seconds_of(value: Any) -> int:
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    period = read_period(value)
    if period.unit not in LENGTHS:
        raise ConfigurationError('say a length such as "90 seconds", "10 minutes", "12 hours" or "2 days"')
    return period.count * LENGTHS[period.unit]


def offset(name: str, options: Mapping[str, Any]) -> int:
    """The offset that `spread` gives a schedule: by a hash of its name, so it is the same in every process."""
    width = seconds("spread", options.get("spread", 0))
    digest = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return digest % width if width else 0
