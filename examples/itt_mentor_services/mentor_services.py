"""The jobs of scheduled_jobs.yml, as stand-ins: each logs what the real one would do."""

from __future__ import annotations

import logging
from collections.abc import Callable

log = logging.getLogger(__name__)


def sync_providers() -> str:
    """Copy the providers from the publishing service."""
    return _would(sync_providers)


def sync_schools() -> str:
    """Copy the schools from the national register."""
    return _would(sync_schools)


def sync_mentors() -> str:
    """Copy the mentors' names from their teaching records."""
    return _would(sync_mentors)


def sync_subjects() -> str:
    """Copy the subjects from the publishing service."""
    return _would(sync_subjects)


def remove_internal_draft_claims() -> str:
    """Remove draft claims that nobody will finish."""
    return _would(remove_internal_draft_claims)


def remove_unprocessed_payment_responses() -> str:
    """Remove payment responses that were not processed."""
    return _would(remove_unprocessed_payment_responses)


def check_entity_tables() -> str:
    """Compare the analytics tables with the database."""
    return _would(check_entity_tables)


def trim_expired_sessions() -> str:
    """Delete expired sessions."""
    return _would(trim_expired_sessions)


def send_daily_roundup() -> str:
    """Send the team the day's claims."""
    return _would(send_daily_roundup)


def notify_users_of_invalid_provider_claims() -> str:
    """Ask users to mend claims with an invalid provider."""
    return _would(notify_users_of_invalid_provider_claims)


def remind_providers_of_sampling() -> str:
    """Remind providers to answer an audit."""
    return _would(remind_providers_of_sampling)


def remind_schools_of_sampling() -> str:
    """Remind schools to answer an audit."""
    return _would(remind_schools_of_sampling)


def sync_bank_holidays() -> str:
    """Copy the bank holidays from the public feed."""
    return _would(sync_bank_holidays)


def _would(job: Callable[[], str]) -> str:
    line = f"would {job.__name__.replace('_', ' ')}"
    log.info(line)
    return line
