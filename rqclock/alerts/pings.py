"""What happened to runs lately, as messages to a monitor. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from rqclock.alerts.judgement import Seen, lost
from rqclock.alerts.register import Message
from rqclock.views.history import Run

CHANNEL = "ping"
SHORTEST = 1e-4  # seconds that a run takes at least
LATELY = 600.0  # seconds: what happened before nobody waits for any more
ENDS = {"finished": "success", "failed": "fail", "abandoned": "fail"}


def pings(seen: Seen, now: float) -> Iterator[Message]:
    """The events of the last ten minutes in their order; an event has the same id at every look.

    Each waits for the one before it: a start that came after its success would leave the monitor waiting.
    """
    before = ""
    for _, event, run in sorted(_lately(seen, now), key=lambda found: found[:2]):
        notice = {"id": f"{run.job_id}:{event}", "schedule": seen.schedule.slug, "event": event}
        message = Message(f"{CHANNEL}:{seen.clock}:{run.job_id}:{event}", CHANNEL, notice, now, after=before)
        before = message.id
        yield message


def _lately(seen: Seen, now: float) -> Iterator[tuple[float, str, Run]]:
    for run in seen.all_runs():
        for event, at in _events(run):
            if run.job_id and now - LATELY < at <= now + LATELY:
                # Of one instant, the end of a run comes before the start of another, but not before its own.
                yield at + (SHORTEST if event != "start" else 0.0), event, run


def _events(run: Run) -> Iterator[tuple[str, float]]:
    if run.started_at is not None:
        yield "start", run.started_at
    end = ENDS.get(run.status or "")
    ended = run.finished_at or run.started_at
    if end and ended is not None and not lost(run):
        yield end, ended
