"""Checks and tidying."""

from __future__ import annotations

from apply.would import would


def process_stale_applications() -> str:
    """Process applications that nobody has touched."""
    return would(process_stale_applications)


def update_duplicate_matches(options: dict[str, int]) -> str:
    """Look for duplicate candidates; `options` says at which hour the team is told."""
    return would(update_duplicate_matches, options)


def detect_invariants_hourly() -> str:
    """Check what must always hold, the hourly part."""
    return would(detect_invariants_hourly)


def detect_invariants_daily() -> str:
    """Check what must always hold, the daily part."""
    return would(detect_invariants_daily)


def delete_expired_sessions() -> str:
    """Delete expired sessions."""
    return would(delete_expired_sessions)


def delete_all_drafts() -> str:
    """Delete old drafts."""
    return would(delete_all_drafts)


def check_entity_tables() -> str:
    """Compare the analytics tables with the database."""
    return would(check_entity_tables)
