"""Who leads, who stands by, and since when nobody was heard."""

from __future__ import annotations

from rqclock.metrics.figure import Figure
from rqclock.metrics.look import ClockLook, Look
from rqclock.store.presence import leading, read_standbys

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
FIGURES = (LEADER, STANDBYS, SILENT, TAKEOVERS)


def read(look: Look, clock: ClockLook) -> None:
    silent = max(0.0, look.now - clock.heard)
    standbys = read_standbys(look.connection, clock.keys, clock.lease, look.now)
    look.sheet.put(LEADER, int(leading(clock.lease, look.now) is not None), clock.name)
    look.sheet.put(STANDBYS, len(standbys), clock.name)
    look.sheet.put(SILENT, silent, clock.name)
    epoch = look.connection.hget(clock.keys.named("counters"), "epoch")
    look.sheet.put(TAKEOVERS, int(epoch or 0), clock.name)
