"""The tables: providers, the applications they must answer, the letters we owe, and the bank holidays."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.database import Record

AWAITING = "awaiting decision"
OFFERED = "offered"
REJECTED = "rejected"
REJECTED_BY_DEFAULT = "rejected by default"


class Provider(Record):
    """A training provider, who answers applications."""

    __tablename__ = "providers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    email: Mapped[str] = mapped_column(String(200))
    region: Mapped[str] = mapped_column(String(40), index=True)


class Application(Record):
    """One candidate's application to one provider. `sent_on` is a day in London: deadlines count days there."""

    __tablename__ = "applications"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(40), unique=True)
    candidate: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(200))
    course: Mapped[str] = mapped_column(String(100))
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"), index=True)
    sent_on: Mapped[date] = mapped_column(index=True)
    status: Mapped[str] = mapped_column(String(40), default=AWAITING, index=True)
    decided_at: Mapped[datetime | None]

    provider: Mapped[Provider] = relationship(lazy="joined")


class Letter(Record):
    """An e-mail we owe. The unique constraint is the promise: one letter of each kind for an application, ever."""

    __tablename__ = "letters"
    __table_args__ = (UniqueConstraint("application_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"))
    kind: Mapped[str] = mapped_column(String(40))
    recipient: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str]
    written_at: Mapped[datetime]
    sent_at: Mapped[datetime | None] = mapped_column(index=True)

    application: Mapped[Application] = relationship(lazy="joined")


class BankHoliday(Record):
    """A day in England and Wales that is not a working day although it is no Saturday or Sunday."""

    __tablename__ = "bank_holidays"

    day: Mapped[date] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(100))
