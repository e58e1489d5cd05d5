"""What is sent to candidates, or worked out for them."""

from __future__ import annotations

from apply.would import would


def populate_pool() -> str:
    """List the candidates whom providers may invite."""
    return would(populate_pool)


def update_pool_eligible_forms() -> str:
    """Mark the application forms that may enter the pool."""
    return would(update_pool_eligible_forms)


def chase_pool_invites() -> str:
    """Chase candidates who have not answered an invitation."""
    return would(chase_pool_invites)


def chase_references() -> str:
    """Chase references that have not come."""
    return would(chase_references)


def chase_offers() -> str:
    """Chase candidates who have not answered an offer."""
    return would(chase_offers)


def nudge() -> str:
    """Nudge candidates with unfinished applications."""
    return would(nudge)


def suggest_another_course_when_inactive() -> str:
    """Suggest another course to candidates whose application is inactive."""
    return would(suggest_another_course_when_inactive)


def suggest_more_courses_when_inactive() -> str:
    """Suggest more courses to candidates whose application is inactive."""
    return would(suggest_more_courses_when_inactive)
