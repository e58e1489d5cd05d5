"""How an application arrives and how its provider's answer is recorded. Either may happen twice; only once counts."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services import letters
from services.bank_holidays import working_days
from services.database import add_missing, transaction
from services.deadlines import deadline, reminder_due
from services.records import AWAITING, OFFERED, REJECTED, Application, Provider
from services.working_days import day_of

log = logging.getLogger(__name__)

ANSWERS = {"offer": OFFERED, "reject": REJECTED}


class UnknownApplication(Exception):
    """Nobody sent an application with this reference."""


class UnknownProvider(Exception):
    """No provider has this name."""


@dataclass(frozen=True)
class Candidate:
    """Who applies, and for what."""

    name: str
    email: str
    course: str


def receive(reference: str, *, candidate: Candidate, provider: str, sent_at: datetime, at: datetime) -> datetime:
    """Record an application, tell its provider, and answer when `deadlines.remind` is due for it.

    `sent_at` is when the candidate sent it, `at` is now. A reference that is known already changes nothing. Raises
    UnknownProvider.
    """
    with transaction() as session:
        days = working_days(session, at=at)
        row = _row(reference, candidate=candidate)
        row |= {"provider_id": _provider_id(session, name=provider), "sent_on": day_of(sent_at)}
        new = add_missing(session, table=Application, rows=[row])
        application = session.scalars(select(Application).where(Application.reference == reference)).one()
        last_day = deadline(days, sent_on=application.sent_on)
        letters.write(session, kind="arrival", at=at, deadlines={application: last_day})
    letters.post(at, reference=reference)
    log.info("%s %s, to be answered by %s", reference, "arrived" if new else "had arrived already", last_day)
    return reminder_due(days, sent_on=application.sent_on)


def decide(reference: str, *, answer: str, at: datetime) -> str:
    """Record the provider's answer, "offer" or "reject"; answer one line on what came of it.

    An answer to a closed application changes nothing. Raises UnknownApplication.
    """
    with transaction() as session:
        application = session.scalars(select(Application).where(Application.reference == reference)).one_or_none()
        if application is None:
            raise UnknownApplication(f"no application {reference!r}")
        # The condition, not the row read above, decides: it may have been closed since.
        open_still = update(Application).where(Application.id == application.id, Application.status == AWAITING)
        taken = session.scalars(
            open_still.values(status=ANSWERS[answer], decided_at=at).returning(Application.id)
        ).one_or_none()
        if taken is None:
            return f"{reference}: {answer} changes nothing, it is closed"
        last_day = deadline(working_days(session, at=at), sent_on=application.sent_on)
        letters.write(session, kind=ANSWERS[answer], at=at, deadlines={application: last_day})
    return f"{reference}: {ANSWERS[answer]}"


def pulse() -> str:
    """One line that is only written if the database answers."""
    with transaction() as session:
        waiting = session.scalar(select(func.count()).where(Application.status == AWAITING))
    log.info("alive: %s applications wait for an answer", waiting)
    return f"alive: {waiting} applications wait for an answer"


def next_reference(at: datetime) -> str:
    """A reference made of the instant, so that the same run makes the same one.

    >>> from datetime import UTC
    >>> next_reference(datetime(2026, 11, 23, 8, 0, 15, tzinfo=UTC))
    'A261123-080015'
    """
    return f"A{at:%y%m%d-%H%M%S}"


def _provider_id(session: Session, *, name: str) -> int:
    found = session.scalars(select(Provider.id).where(Provider.name == name)).one_or_none()
    if found is None:
        raise UnknownProvider(f"no provider {name!r}, so nothing is recorded")
    return found


def _row(reference: str, *, candidate: Candidate) -> dict[str, object]:
    return {
        "reference": reference,
        "candidate": candidate.name,
        "email": candidate.email,
        "course": candidate.course,
    }
