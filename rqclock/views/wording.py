"""How times, lengths and what became of a run are said to people, on one line."""

from __future__ import annotations

from collections.abc import Mapping

from rqclock.store.ticks import local
from rqclock.views.history import Run

DETAILS = {"came": "runs that fell due", "paused_by": "paused by", "tick": "the run of", "args": "arguments"}


def when(instant: float, timezone: str) -> str:
    """`Mon 23 Nov 2026 08:00:00 GMT`."""
    return local(instant, timezone).strftime("%a %d %b %Y %H:%M:%S %Z")


def length(seconds: float) -> str:
    """A time for people, in its two largest units.

    >>> length(0.25), length(75), length(100_000)
    ('0.250 s', '1 min 15 s', '1 d 3 h')
    """
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds == int(seconds) else f"{seconds:.3f} s"
    left, parts = int(seconds), []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, size)
        parts.append(f"{count} {unit}" if count else "")
    first = next(n for n, part in enumerate(parts) if part)
    return " ".join(part for part in parts[first : first + 2] if part)


def became(run: Run, timezone: str) -> str:
    """What became of a run, in one line."""
    if run.decision != "enqueued":
        job = f" (job {run.job_id})" if run.job_id else ""
        return f"{run.decision}: {run.reason or 'no reason is recorded'}{job}"
    late = f", {length(run.lateness)} after its time" if run.lateness is not None else ""
    why = f" ({run.reason})" if run.reason else ""
    return f"queued{late}{why} as {run.job_id}; {_ending(run, timezone)}"


def _ending(run: Run, timezone: str) -> str:
    took = f" after {length(round(run.duration, 3))}" if run.duration is not None else ""
    started = f" since {when(run.started_at, timezone)}" if run.started_at is not None else ""
    next_at = f" ({run.nth}, next at {when(run.next_at, timezone)})" if run.next_at is not None else ""
    words = {
        "finished": f"ran well{took}",
        "failed": f"failed{took}: {run.error or 'no error is recorded'}",
        "abandoned": f"given up, its worker died each time: {run.error or 'no error is recorded'}",
        "started": f"running{started}",
        "scheduled": f"failed and will be tried again{next_at}: {run.error or 'no error is recorded'}",
        "unknown": "how it ended is not known",
    }
    return words.get(run.status or "queued", run.status or "queued").replace("queued", "waiting in its queue")


def detail_words(detail: Mapping[str, object]) -> str:
    """What an entry of the activity says beside who, what and why.

    >>> detail_words({"job": "sweep_20261123T103500Z", "runs": 3})
    'job sweep_20261123T103500Z, runs 3'
    """
    known = {DETAILS.get(name, name): value for name, value in detail.items() if value is not None}
    return ", ".join(name if value is True else f"{name} {value}" for name, value in known.items())
