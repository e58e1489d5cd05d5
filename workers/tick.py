"""The time that a job works for: when it was due, not when a worker got round to it."""

from __future__ import annotations

from datetime import UTC, datetime

from rqclock import current_tick


def due() -> datetime:
    """When this run was due, the same in every attempt; for a job without a schedule, now."""
    tick = current_tick()
    return tick.scheduled_at if tick else datetime.now(UTC)


def first_attempt() -> bool:
    """Whether this is the first of the attempts at this tick; a job without a schedule has only one."""
    tick = current_tick()
    return tick is None or tick.attempt == 1
