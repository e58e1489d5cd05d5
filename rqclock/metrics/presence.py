"""Who leads, who stands by, and since when nobody was heard."""

from __future__ import annotations

import json

from rqclock.metrics.figure import Figure
from rqclock.metrics.look import ClockLook, Look
from rqclock.store.replies import texts
from rqclock.views.status import SILENT_AFTER

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
    owner = clock.lease.get("owner", "")
    leads = bool(owner) and silent <= SILENT_AFTER
    members = texts(look.connection.hgetall(clock.keys.named("members")))
    others = [json.loads(facts) for name, facts in members.items() if not (leads and name == owner)]
    live = [member for member in others if look.now - member["at"] / 1000 <= SILENT_AFTER]
    look.sheet.put(LEADER, int(leads), clock.name)
    look.sheet.put(STANDBYS, len(live), clock.name)
    look.sheet.put(SILENT, silent, clock.name)
    epoch = look.connection.hget(clock.keys.named("counters"), "epoch")
    look.sheet.put(TAKEOVERS, int(epoch or 0), clock.name)
