"""What happens to candidates and providers around the end of a recruitment cycle."""

from __future__ import annotations

from apply.would import would


def notify_providers_of_start() -> str:
    """Tell providers that the cycle has started."""
    return would(notify_providers_of_start)


def remind_candidates_of_deadline() -> str:
    """Remind candidates of the end of the cycle."""
    return would(remind_candidates_of_deadline)


def announce_find_has_opened() -> str:
    """Tell candidates that the course finder has opened."""
    return would(announce_find_has_opened)


def announce_new_cycle() -> str:
    """Tell candidates that the new cycle has started."""
    return would(announce_new_cycle)


def remind_providers_of_reject_by_default() -> str:
    """Remind providers that open applications will be rejected."""
    return would(remind_providers_of_reject_by_default)


def announce_deadline_has_passed() -> str:
    """Tell candidates that the deadline has passed."""
    return would(announce_deadline_has_passed)


def explain_reject_by_default() -> str:
    """Tell candidates why their application was rejected."""
    return would(explain_reject_by_default)


def cancel_unsubmitted_applications() -> str:
    """Cancel applications that were never submitted."""
    return would(cancel_unsubmitted_applications)


def reject_by_default() -> str:
    """Reject applications that no provider answered."""
    return would(reject_by_default)


def decline_by_default() -> str:
    """Decline offers that no candidate answered."""
    return would(decline_by_default)
