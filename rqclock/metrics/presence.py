"""Who leads, who stands by, and since when nobody was heard."""

from __future__ import annotations

from rqclock.metrics.figure import Figure
from rqclock.metrics.look import ClockLook, Look
from rqclock.store.presence import present

CLOCKS = Figure(
    "rqclock_clocks", "gauge", "Clocks that have ever led; none once `rqclock forget` has deleted the last: no series."
)
LEADER = Figure(
    "rqclock_leaders", "gauge", "Clock processes that lead: 1, or 0 when none was heard lately.", ("clock",)
)
STANDBYS = Figure("rqclock_standbys", "gauge", "Clock processes that stand by.", ("clock",))
SILENT = Figure(
    "rqclock_clock_silent_seconds", "gauge", "Seconds since a leading clock last gave a sign of life.", ("clock",)
)
TAKEOVERS = Figure(
    "rqclock_takeovers", "counter", "Times that a clock took the lead, the first start included.", ("clock",)
)
HELD = Figure(
    "rqclock_clock_time_held_seconds",
    "gauge",
    "Seconds by which Redis's time is ahead of the clocks', since it has jumped (negative: behind); 0 as a rule.",
    ("clock",),
)
FIGURES = (CLOCKS, LEADER, STANDBYS, SILENT, TAKEOVERS, HELD)


def count(look: Look) -> None:
    """How many there are: 0 also tells of a first clock that has never come."""
    if not look.is_given_up:
        look.sheet.put(CLOCKS, len(look.names))


def read(look: Look, clock: ClockLook) -> None:
    there = present(clock.lease, look.connection.hgetall(clock.keys.named("members")), look.now)
    look.sheet.put(LEADER, int(there.leader is not None), clock.name)
    look.sheet.put(STANDBYS, len(there.standbys), clock.name)
    look.sheet.put(SILENT, max(0.0, clock.now - clock.heard), clock.name)
    look.sheet.put(HELD, there.held, clock.name)
    epoch = look.connection.hget(clock.keys.named("counters"), "epoch")
    look.sheet.put(TAKEOVERS, int(epoch or 0), clock.name)
