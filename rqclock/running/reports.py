"""What the log says of decisions."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence

from rqclock.store.ledger import Entry, Verdict
from rqclock.store.ticks import iso, job_id
from rqclock.views.history import reason

log = logging.getLogger("rqclock.clock")
ALONE = 10  # up to so many ticks of a batch are logged one by one


def log_decisions(part: Sequence[Entry], verdicts: Sequence[Verdict], *, clock: str = "default") -> None:
    """One line a decision, or one for a large batch. `clock` is the Clock's slug."""
    decided = [pair for pair in zip(part, verdicts, strict=True) if pair[1].decision not in ("decided", "stuck")]
    if len(decided) > ALONE:
        log.info("%d ticks decided, %s to %s", len(decided), iso(decided[0][0].tick), iso(decided[-1][0].tick))
        return
    for entry, verdict in decided:
        level = logging.WARNING if verdict.decision == "refused" else logging.INFO
        log.log(level, "%s %s", verdict.decision, _told(entry, verdict), extra=_facts(entry, verdict, clock))


def _facts(entry: Entry, verdict: Verdict, clock: str) -> dict[str, str]:
    """What programs find a line by: the same as stands in the lines of the run's job."""
    facts = {"schedule": entry.schedule.name, "tick": str(iso(entry.tick)), "decision": verdict.decision}
    if verdict.decision == "enqueued":
        facts["job_id"] = job_id(entry.schedule.slug, entry.tick, clock=clock)
    return facts


def _told(entry: Entry, verdict: Verdict) -> str:
    """`reports.weekly due 2026-11-23T08:00:00Z: paused by Ann`, or a span of runs."""
    schedule, due = entry.schedule, iso(entry.tick)
    if verdict.decision == "enqueued":
        return f"{schedule.name} due {due} -> {schedule.target.options.queue}"
    row = json.loads(f"{{{verdict.detail.lstrip(',')}}}")  # the ledger's row begins before what the script adds to it
    why = reason(row, schedule.timezone) or "no reason is recorded"
    if row.get("n", 1) == 1:
        return f"{schedule.name} due {due}: {why}"
    return f"{schedule.name}, {row['n']} runs due {iso(row['from'])} to {due}: {why}"


def tell_of_stuck(part: Sequence[Entry], verdicts: Sequence[Verdict]) -> None:
    """Schedules whose last ticks by their old rule stay open: a broken key of one must not keep all from a deploy."""
    stuck = {
        pair[0].schedule.name: pair[1].detail
        for pair in zip(part, verdicts, strict=True)
        if pair[1].decision == "stuck"
    }
    for name, why in stuck.items():
        log.error("%s: what was due before this deploy is not decided: %s; rqclock audit lists it", name, why)
