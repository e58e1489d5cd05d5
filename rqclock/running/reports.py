"""What the log says of decisions."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from rqclock.store.ledger import Entry, Verdict
from rqclock.store.ticks import iso

log = logging.getLogger("rqclock.clock")
ALONE = 10  # up to so many ticks of a batch are logged one by one


def log_decisions(part: Sequence[Entry], verdicts: Sequence[Verdict]) -> None:
    """One line a decision, or one for a large batch."""
    decided = [pair for pair in zip(part, verdicts, strict=True) if pair[1].decision not in ("decided", "stuck")]
    if len(decided) > ALONE:
        log.info("%d ticks decided, %s to %s", len(decided), iso(decided[0][0].tick), iso(decided[-1][0].tick))
        return
    for entry, verdict in decided:
        queue = f" -> {entry.schedule.target.options.queue}" if verdict.decision == "enqueued" else verdict.detail
        log.info("%s %s due %s%s", verdict.decision, entry.schedule.name, iso(entry.tick), queue)


def tell_of_stuck(part: Sequence[Entry], verdicts: Sequence[Verdict]) -> None:
    """Schedules whose last ticks by their old rule stay open: a broken key of one must not keep all from a deploy."""
    stuck = {
        pair[0].schedule.name: pair[1].detail
        for pair in zip(part, verdicts, strict=True)
        if pair[1].decision == "stuck"
    }
    for name, reason in stuck.items():
        log.error("%s: what was due before this deploy is not decided: %s; rqclock audit lists it", name, reason)
