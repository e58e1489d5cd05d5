"""The letters we owe, each written once and sent once.

The order, and what a crash leaves at each step:

1. The decision and its letter are written in one transaction. Its unique constraint (application, kind) is the
   idempotency key: a second run finds the row and writes nothing.
2. Each letter is then sent in a transaction of its own: first `sent_at` is set (which locks the row, so a second
   worker waits and then finds nothing to send), then the e-mail is handed over, then the transaction commits.
   If handing over fails, `sent_at` is undone and the next run tries again.
3. Only a crash between handing over and commit sends that one letter again, with the same Message-ID: in the outbox
   it is the same file, and mail systems can tell a copy. The other order would lose the letter instead, and a
   candidate who is never told is worse off than one who is told twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services import mail
from services.database import add_missing, transaction
from services.records import Application, Letter

SENDER = "Decision deadlines <no-reply@deadlines.example>"

# kind of letter -> (who gets it, subject, text)
TEXTS = {
    "arrival": (
        "provider",
        "{reference}: {candidate} has applied for {course}",
        "{candidate} has applied for {course}. Please answer by {deadline}.",
    ),
    "chase": (
        "provider",
        "{reference}: {candidate} is waiting for your answer",
        "{candidate} applied for {course} on {sent_on}. Please answer by {deadline}, "
        "or the application will be rejected by default.",
    ),
    "reminder": (
        "provider",
        "{reference}: the last day to answer is {deadline}",
        "{candidate}, who applied for {course} on {sent_on}, still waits. The last day to answer is {deadline}.",
    ),
    "offered": (
        "candidate",
        "{reference}: {provider} offers you a place",
        "{provider} offers you a place on {course}.",
    ),
    "rejected": (
        "candidate",
        "{reference}: {provider} cannot offer you a place",
        "{provider} has decided not to offer you a place on {course}.",
    ),
    "rejected by default": (
        "candidate",
        "{reference}: {provider} did not answer in time",
        "{provider} had until {deadline} to answer your application for {course} and did not, so it is closed.",
    ),
}


def write(session: Session, *, kind: str, at: datetime, deadlines: Mapping[Application, date]) -> int:
    """Owe a letter of this kind about each application; answer how many had not been owed before."""
    rows = [
        _compose(application, kind=kind, deadline=day) | {"written_at": at} for application, day in deadlines.items()
    ]
    return add_missing(session, table=Letter, rows=rows)


def post(at: datetime, *, kind: str | None = None, reference: str | None = None) -> list[str]:
    """Send what is owed (of one kind, about one application, if given), oldest first; answer where each letter went.

    Raises mail.Refused, when all others are sent, for those that the mail server will not take; OSError at once when
    there is no mail server to talk to. Either way what was not sent is still owed.
    """
    owed = select(Letter.id).where(Letter.sent_at.is_(None)).order_by(Letter.id)
    owed = owed.where(Letter.kind == kind) if kind else owed
    owed = owed.join(Application).where(Application.reference == reference) if reference else owed
    with transaction() as session:
        letters = session.scalars(owed).all()
    places: list[str] = []
    refused: list[str] = []
    for letter in letters:
        try:
            places += _send_once(letter, at=at)
        except mail.Refused as refusal:  # a bad address must not hold up the letters behind it
            refused.append(str(refusal))
    if refused:
        raise mail.Refused(f"{len(places)} letters sent, {len(refused)} refused: {'; '.join(refused)}")
    return places


def _send_once(letter_id: int, *, at: datetime) -> list[str]:
    """Send one letter unless somebody else has, and answer where it went: see step 2 above for the order."""
    mine = update(Letter).where(Letter.id == letter_id, Letter.sent_at.is_(None)).values(sent_at=at)
    with transaction() as session:
        if session.scalars(mine.returning(Letter.id)).one_or_none() is None:
            return []
        return [mail.send(_envelope(session.get_one(Letter, letter_id)))]


def _compose(application: Application, *, kind: str, deadline: date) -> dict[str, object]:
    recipient, subject, body = TEXTS[kind]
    words = {
        "reference": application.reference,
        "candidate": application.candidate,
        "course": application.course,
        "provider": application.provider.name,
        "sent_on": f"{application.sent_on:%-d %B %Y}",
        "deadline": f"{deadline:%-d %B %Y}",
    }
    return {
        "application_id": application.id,
        "kind": kind,
        "recipient": application.provider.email if recipient == "provider" else application.email,
        "subject": " ".join(subject.format_map(words).split()),  # a line break in a name would break the header
        "body": body.format_map(words) + "\n",
    }


def _envelope(letter: Letter) -> EmailMessage:
    """The same bytes each time: nothing in it depends on when or how often it is sent."""
    message = EmailMessage(policy=SMTP)
    slug = re.sub(r"[^A-Za-z0-9-]+", "-", f"{letter.application.reference}-{letter.kind}")  # it becomes a file's name
    message["Message-ID"] = f"<{slug}@deadlines.example>"
    message["Date"] = format_datetime(letter.written_at)
    message["From"] = SENDER
    message["To"] = letter.recipient
    message["Subject"] = letter.subject
    message.set_content(letter.body)
    return message
