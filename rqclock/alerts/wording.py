"""What alerts say, in one sentence each. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rqclock.alerts.kinds import FAILED, NOT_FINISHED, NOT_STARTED, REFUSED, Kind
from rqclock.store.ticks import local
from rqclock.timetable.schedules import Schedule
from rqclock.views.history import Run
from rqclock.views.wording import length, when

_CALLS = re.compile(r"(<(?=[!@#])|@(?=(?:channel|here|all|everyone)\b))", re.IGNORECASE)
ERROR_LENGTH = 200
NAMES_SHOWN = 10  # of schedules that are wrong in the same way
WELL = {NOT_STARTED: "has started", NOT_FINISHED: "has finished", REFUSED: "is queued again", FAILED: "ran well"}


def wrong(kind: Kind, schedule: Schedule, run: Run) -> str:
    """`nightly report has not started: due Mon 23 Nov 2026 08:00:00 GMT, to start within 10 min; …`."""
    due = f"due {when(run.tick, schedule.timezone)}"
    if kind is FAILED:
        return f"{schedule.name} failed for good: {due}; {_error(run)}{_tries(run)}"
    if kind is REFUSED:
        return f"{schedule.name} was not queued: {due}; {run.reason or 'no reason is recorded'}"
    policies = schedule.policies
    start = kind is NOT_STARTED
    within = policies.must_start_within if start else policies.must_finish_within
    verb = "started" if start else "finished"
    promise = f"to be {verb} within {length(within or 0)}"
    return f"{schedule.name} has not {verb} in time: {due}, {promise}; {_stands(run, schedule.timezone)}"


def well(kind: Kind, schedule: Schedule) -> str:
    """What is told when it is over."""
    return f"{schedule.name} {WELL[kind]}"


def _stands(run: Run, timezone: str) -> str:
    """How the run stands that is late."""
    if run.decision == "undecided":
        return "it is not queued yet: no clock has come to it"
    if run.decision != "enqueued":
        word = {"refused": "it could not be queued"}.get(run.decision, f"it was {run.decision}")
        return f"{word}: {run.reason or 'no reason is recorded'}"
    if run.status == "started" and run.started_at is not None:
        return f"running since {time_of(run.started_at, timezone)}"
    if run.status == "scheduled":
        return f"failed and will be tried again: {_error(run)}"
    return {"deferred": "it waits for another job", "failed": "its worker died"}.get(
        run.status or "", "it waits in its queue"
    )


def _error(run: Run) -> str:
    return (run.error or "no error is recorded")[:ERROR_LENGTH]


def _tries(run: Run) -> str:
    return f" (attempt {run.attempt} of {max(run.attempt, run.of or 0)})" if run.attempt > 1 else ""


def silent(name: str, last: float | None, timezone: str, *, handed_over: bool) -> str:
    """`no clock leads "default": the last one was heard at 08:00:00 GMT`."""
    if last is None:
        return f"no clock leads {name!r}, and none has for a day"
    how = "was stopped at" if handed_over else "was last heard at"
    return f"no clock leads {name!r}: the last one {how} {when(last, timezone)}"


def never_led(prefix: str) -> str:
    """
    >>> never_led("rq").partition(":")[0]
    'no clock has ever led here'
    """
    return (
        f"no clock has ever led here: below the prefix {prefix!r} Redis knows of none. None was started, or it uses "
        "another Redis or prefix, or Redis has lost what it kept"
    )


def came(names: Sequence[str]) -> str:
    """
    >>> came(["default", "letters"])
    "a clock has taken the lead of 'default', 'letters'"
    """
    return f"a clock has taken the lead of {', '.join(map(repr, names[:NAMES_SHOWN]))}"


def time_of(instant: float, timezone: str) -> str:
    """`08:00:01 GMT`."""
    return local(instant, timezone).strftime("%H:%M:%S %Z")


def calm(text: str) -> str:
    """The text with nothing in it that makes a chat tool call everybody: the line of an error may say anything.

    >>> calm("KeyError: <!channel> @here").encode("ascii", "replace")
    b'KeyError: <?!channel> @?here'
    """
    return _CALLS.sub("\\1\u200b", text)


def likewise(names: Sequence[str]) -> str:
    """
    >>> likewise(["a", "b"])
    'Likewise 2 more: a, b.'
    """
    shown = ", ".join(names[:NAMES_SHOWN]) + (", …" if len(names) > NAMES_SHOWN else "")
    return f"Likewise {len(names)} more: {shown}." if names else ""


def back(text: str, seconds: float) -> str:
    """
    >>> back("nightly report has finished", 240)
    'back: nightly report has finished, after 4 min'
    """
    return f"back: {text}, after {length(max(0, round(seconds)))}"
