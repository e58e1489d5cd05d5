"""Redis itself, as far as jobs depend on it."""

from __future__ import annotations

from rqclock.metrics.figure import Figure
from rqclock.metrics.look import Look

USED = Figure("rqclock_redis_memory_used_bytes", "gauge", "Memory that Redis uses.")
MOST = Figure("rqclock_redis_memory_max_bytes", "gauge", "Memory that Redis may use (maxmemory); 0: no limit.")
EVICTED = Figure("rqclock_redis_evicted_keys", "counter", "Keys that Redis threw away for want of memory.")
FIGURES = (USED, MOST, EVICTED)
FIELDS = {USED: "used_memory", MOST: "maxmemory", EVICTED: "evicted_keys"}


def read(look: Look) -> None:
    """One INFO; a server that denies it, or leaves a field out, has no such series."""
    facts = look.connection.info()
    for figure, field in FIELDS.items():
        if field in facts:
            look.sheet.put(figure, float(facts[field]))
