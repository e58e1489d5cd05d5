"""`python -m services.seed`: makes the tables, and in an empty database a first set of providers and applications."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services import bank_holidays
from services.applications import receive
from services.database import Record, add_missing, engine, transaction, url
from services.deadlines import CHASE_AFTER, REJECT_AFTER
from services.environment import BadSetting
from services.records import Provider
from services.simulation import aged, candidate, drop_in_inbox

log = logging.getLogger(__name__)

PROVIDERS = {
    "Aire Valley Teaching Alliance": "north",
    "Calder School Partnership": "north",
    "Downland University": "south",
    "Estuary Initial Teacher Training": "south",
    "Fenland Schools Direct": "east",
    "Marches Teacher Training": "west",
}
AGES = (1, 5, 12, CHASE_AFTER, CHASE_AFTER + 2, CHASE_AFTER + 11, REJECT_AFTER - 1, REJECT_AFTER, REJECT_AFTER + 1)


def create_tables() -> None:
    """Make what is missing; change nothing that is there."""
    Record.metadata.create_all(engine())


def seed(at: datetime) -> str:
    """Fill an empty database; one that has providers is left as it is."""
    create_tables()
    bank_holidays.refresh(at)
    with transaction() as session:
        if session.scalars(select(Provider.id).limit(1)).first():
            return f"{url().render_as_string()} is filled already; nothing to do"
        _add_providers(session)
        days = bank_holidays.working_days(session, at=at)
    for number, age in enumerate(AGES):
        _arrive(number, sent_at=aged(days, at=at, count=age), at=at)
    _answer()
    return f"{url().render_as_string()}: {len(PROVIDERS)} providers, {len(AGES)} applications"


def _add_providers(session: Session) -> None:
    rows = [
        {"name": name, "email": f"admissions@{name.split()[0].lower()}.example", "region": region}
        for name, region in PROVIDERS.items()
    ]
    add_missing(session, table=Provider, rows=rows)


def _arrive(number: int, *, sent_at: datetime, at: datetime) -> None:
    receive(
        f"A{1001 + number}",
        candidate=candidate(number),
        provider=list(PROVIDERS)[number % len(PROVIDERS)],
        sent_at=sent_at,
        at=at,
    )


def _answer() -> None:
    """Three replies that wait in the inbox: as mail, as JSON, and one that nobody can read."""
    drop_in_inbox("1-offer.eml", text="From: admissions@aire.example\nSubject: Re: A1001: offer\n\nWe are delighted.\n")
    drop_in_inbox("2-reject.json", text='{"reference": "A1002", "answer": "reject"}')
    drop_in_inbox("3-garbled.json", text='{"reference": "A1003", "ans')


def main() -> int:
    """The command; `--tables-only` is for a database that will hold real data."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        _fill(datetime.now(UTC), tables_only="--tables-only" in sys.argv[1:])
    except BadSetting as error:
        print(f"services.seed: {error}", file=sys.stderr)
        return 2
    return 0


def _fill(now: datetime, *, tables_only: bool) -> None:
    if tables_only:
        create_tables()
        bank_holidays.refresh(now)  # which logs what it did
    else:
        print(seed(now))


if __name__ == "__main__":
    sys.exit(main())
