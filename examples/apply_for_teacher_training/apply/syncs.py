"""Copies of other services' data."""

from __future__ import annotations

from apply.would import would


def sync_all_providers_and_courses(incremental: bool) -> str:
    """Sync providers and courses from the public API: what changed, or all of them."""
    return would(sync_all_providers_and_courses, incremental)


def trigger_full_sync_if_find_closed() -> str:
    """Start a full sync if the course finder is closed."""
    return would(trigger_full_sync_if_find_closed)


def update_out_of_date_provider_ids() -> str:
    """Mend the provider ids of application choices."""
    return would(update_out_of_date_provider_ids)


def fetch_adviser_teaching_subjects() -> str:
    """Fetch the teaching subjects of the adviser service."""
    return would(fetch_adviser_teaching_subjects)
