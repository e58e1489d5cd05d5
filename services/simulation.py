"""Made-up candidates and answers, so that somebody who tries the application sees it work within seconds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import select

from services.applications import Candidate, next_reference
from services.bank_holidays import working_days
from services.database import transaction
from services.deadlines import CHASE_AFTER, REJECT_AFTER, REMIND_AFTER
from services.mailbox import INBOX
from services.records import AWAITING, Application, Provider
from services.working_days import DAY, LONDON, WorkingDays, day_of

NAMES = ("Amira Khan", "Ben Hughes", "Chloe Adeyemi", "Daniel Price", "Ewa Nowak", "Femi Cole", "Grace Lin", "Hal Reid")
COURSES = ("Mathematics (PGCE)", "Physics (QTS)", "Primary (PGCE)", "Modern languages (QTS)", "Chemistry (PGCE)")
AGES = (0, CHASE_AFTER, 3, REMIND_AFTER, 0, REJECT_AFTER)  # working days since it was sent


@dataclass(frozen=True)
class Arrival:
    """An application as the web form would hand it over."""

    reference: str
    candidate: Candidate
    provider: str
    sent_at: datetime


def arrival(at: datetime) -> Arrival:
    """The application that arrives at this instant: always the same one for the same instant.

    Some have been on the way for weeks, so that there is something to chase and to close today.
    """
    turn = int(at.timestamp()) // 15
    with transaction() as session:
        providers = session.scalars(select(Provider.name).order_by(Provider.name)).all()
        days = working_days(session, at=at)
    return Arrival(
        reference=next_reference(at),
        candidate=candidate(turn),
        provider=providers[turn % len(providers)],
        sent_at=aged(days, at=at, count=AGES[turn % len(AGES)]),
    )


def candidate(number: int) -> Candidate:
    """One of a few people, with one of a few wishes."""
    name = NAMES[number % len(NAMES)]
    return Candidate(name, f"{name.lower().replace(' ', '.')}@candidates.example", COURSES[number % len(COURSES)])


def aged(days: WorkingDays, *, at: datetime, count: int) -> datetime:
    """A moment on the latest day from which `count` working days, each of them over, lie before `at`."""
    if not count:
        return at
    return datetime.combine(days.before(day_of(at) - DAY, count=count), time(12), LONDON)


def answer_one(at: datetime) -> str:
    """Put a provider's reply about the newest open application into the inbox; every fifth cannot be read."""
    turn = int(at.timestamp()) // 20
    with transaction() as session:
        newest = select(Application.reference).where(Application.status == AWAITING).order_by(Application.id.desc())
        reference = session.scalars(newest.limit(1)).one_or_none()
    if reference is None:
        return "nothing is waiting for an answer"
    reply = {"reference": reference, "answer": "offer" if turn % 2 else "reject"}
    text = "Sorry, our system is down" if turn % 5 == 0 else json.dumps(reply)
    return drop_in_inbox(f"{at:%Y%m%d-%H%M%S}.json", text=text)


def drop_in_inbox(name: str, *, text: str) -> str:
    """Leave a file as a mail gateway would: whole or not at all."""
    INBOX.mkdir(parents=True, exist_ok=True)
    unfinished = INBOX / f"{name}.part"
    unfinished.write_text(text, encoding="utf-8")
    return str(unfinished.replace(INBOX / name))
