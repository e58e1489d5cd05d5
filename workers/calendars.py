"""Jobs about calendars."""

from __future__ import annotations

from rqclock import job
from services import bank_holidays
from workers.tick import due


@job(timeout="1m", retry=3)
def refresh_bank_holidays() -> str:
    """Bring the bank holidays, which decide deadlines, in step with the public feed."""
    return bank_holidays.refresh(due())
