"""Jobs about applications: arrival, chasing, rejecting by default, the weekly digest."""

from __future__ import annotations

from datetime import UTC, datetime

from rqclock import Scheduler, job
from services import applications, deadlines, reports, simulation
from workers.tick import due


# The description keeps names and addresses out of the log: RQ would print the arguments.
@job(timeout="1m", retry=3, description="Record an application")
def receive(reference: str, *, candidate: dict[str, str], provider: str, sent_at: str) -> None:
    """An application has come in; `sent_at` is ISO 8601 with its offset. Plans the one-off reminder."""
    now, sent = datetime.now(UTC), datetime.fromisoformat(sent_at)
    who = applications.Candidate(**candidate)
    due_at = applications.receive(reference, candidate=who, provider=provider, sent_at=sent, at=now)
    # Planned last, so never for an application that was not recorded. A run cut off here plans a second reminder when
    # it is repeated; the letter's unique constraint makes that one do nothing.
    Scheduler().enqueue_at(max(due_at, now), remind, reference)


@job(timeout="1m", retry=3)
def remind(reference: str) -> str:
    """The last day to answer is near; planned by `receive`, once for each application."""
    return deadlines.remind(reference, at=datetime.now(UTC))


@job(timeout="10m", retry=5)
def chase_providers() -> str:
    """Remind providers of applications that have waited 20 working days."""
    return deadlines.chase_providers(due())


@job(timeout="10m", retry=5)
def reject_by_default() -> str:
    """Close applications whose provider did not answer in 40 working days, and tell the candidates."""
    return deadlines.reject_by_default(due())


@job(timeout="5m", retry=3)
def weekly_report(*, region: str) -> str:
    """Write the weekly digest of a region."""
    return reports.weekly(region, at=due())


@job(timeout="1m", result_ttl="10m")
def simulate_arrival() -> str:
    """A made-up candidate applies, as the web form of a real service would let them."""
    made_up = simulation.arrival(due())
    receive.enqueue(
        made_up.reference,
        candidate=vars(made_up.candidate),
        provider=made_up.provider,
        sent_at=made_up.sent_at.isoformat(),
    )
    return made_up.reference


@job(timeout="1m", result_ttl="10m")
def simulate_answer() -> str:
    """A made-up provider answers by mail, now and then so badly that nobody can read it."""
    return simulation.answer_one(due())
