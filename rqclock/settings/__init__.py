"""What the environment says: one table of settings, the same for clock, worker and web."""

from __future__ import annotations

from rqclock.settings.table import Settings, unknown

__all__ = ["Settings", "unknown"]
