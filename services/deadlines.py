"""The rule this application exists for: a provider has 40 working days to answer, and is reminded on the way."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, datetime, time

from sqlalchemy import select, update

from services import letters
from services.bank_holidays import working_days
from services.database import transaction
from services.records import AWAITING, REJECTED_BY_DEFAULT, Application
from services.working_days import DAY, LONDON, WorkingDays, day_of

log = logging.getLogger(__name__)

CHASE_AFTER = 20  # working days after the application was sent
REMIND_AFTER = 30
REJECT_AFTER = 40
OFFICE_OPENS = time(9)


def chase_providers(at: datetime) -> str:
    """Remind each provider once of every application that has waited 20 working days and can still be answered."""
    with transaction() as session:
        days = working_days(session, at=at)
        expired, waited = _expired(days, at=at), days.before(day_of(at), count=CHASE_AFTER)
        late = session.scalars(
            select(Application).where(
                Application.status == AWAITING, Application.sent_on <= waited, Application.sent_on > expired
            )
        ).all()
        letters.write(session, kind="chase", at=at, deadlines=_deadlines(late, days=days))
    places = letters.post(at, kind="chase")
    return _report(f"{len(places)} applications chased", places=places)


def reject_by_default(at: datetime) -> str:
    """Close each application whose fortieth working day has ended, and tell the candidate."""
    with transaction() as session:
        days = working_days(session, at=at)
        expired = Application.sent_on <= _expired(days, at=at)
        closed = session.scalars(
            update(Application)
            .where(Application.status == AWAITING, expired)
            .values(status=REJECTED_BY_DEFAULT, decided_at=at)
            .returning(Application)
        ).all()
        letters.write(session, kind=REJECTED_BY_DEFAULT, at=at, deadlines=_deadlines(closed, days=days))
    places = letters.post(at, kind=REJECTED_BY_DEFAULT)
    return _report(f"{len(closed)} applications rejected by default", places=places)


def remind(reference: str, *, at: datetime) -> str:
    """The one-off reminder, ten working days before the end; nothing once it is answered or too late."""
    with transaction() as session:
        days = working_days(session, at=at)
        this_one = select(Application).where(Application.reference == reference, Application.status == AWAITING)
        waiting = session.scalars(this_one.where(Application.sent_on > _expired(days, at=at))).all()
        letters.write(session, kind="reminder", at=at, deadlines=_deadlines(waiting, days=days))
    places = letters.post(at, reference=reference)
    return _report(f"{reference}: {len(waiting)} reminded", places=places)


def reminder_due(days: WorkingDays, *, sent_on: date) -> datetime:
    """When `remind` should run for an application sent that day: an aware time in London."""
    return datetime.combine(days.after(sent_on, count=REMIND_AFTER), OFFICE_OPENS, LONDON)


def deadline(days: WorkingDays, *, sent_on: date) -> date:
    """The last day on which the provider may answer."""
    return days.after(sent_on, count=REJECT_AFTER)


def _expired(days: WorkingDays, *, at: datetime) -> date:
    """Applications sent on this day or earlier had their last day yesterday or before."""
    return days.before(day_of(at) - DAY, count=REJECT_AFTER)


def _deadlines(applications: Sequence[Application], *, days: WorkingDays) -> dict[Application, date]:
    return {application: deadline(days, sent_on=application.sent_on) for application in applications}


def _report(summary: str, *, places: Sequence[str]) -> str:
    line = f"{summary}: {', '.join(places[:3])}{', …' if len(places) > 3 else ''}" if places else summary
    log.info(line)
    return line
