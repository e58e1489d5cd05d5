"""Jobs that keep the application itself going."""

from __future__ import annotations

from rqclock import job
from services import applications, letters, mailbox
from workers.tick import due, first_attempt


@job(timeout="10s", result_ttl="10m")
def heartbeat() -> str:
    """Show that clock, queue, worker and database are alive."""
    return applications.pulse()


@job(timeout="2m", retry=2)
def check_mailbox() -> str:
    """Record the providers' replies in var/inbox.

    One that cannot be read fails the first attempt, for people to see; the retry moves it out of the way.
    """
    return mailbox.check(due(), set_aside=not first_attempt())


@job(timeout="10m", retry=3)
def post_letters() -> str:
    """Send letters that an earlier job wrote but could not hand over."""
    return f"{len(letters.post(due()))} letters sent"
