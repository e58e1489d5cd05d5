"""The bank holidays of England and Wales, kept in step with the public feed. They decide every deadline."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable
from datetime import date, datetime
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.database import add_missing, transaction
from services.records import BankHoliday
from services.working_days import SATURDAY, WorkingDays, day_of

log = logging.getLogger(__name__)

DIVISION = "england-and-wales"
PATIENCE = 10.0  # seconds that the feed may take


class BadFeed(Exception):
    """The feed answered with something that is not a list of bank holidays; the table stays as it was."""


class NoBankHolidays(Exception):
    """The table does not know this year yet, so a deadline would come out too early."""


def refresh(at: datetime) -> str:
    """Bring the table in step with BANK_HOLIDAYS_URL; without an answer, fill years it lacks from the offline copy.

    The public feed is https://www.gov.uk/bank-holidays.json. Raises BadFeed when it answers nonsense: that must be
    seen, and must not empty the table.
    """
    address = os.environ.get("BANK_HOLIDAYS_URL", "")
    published = _download(address) if address else None
    with transaction() as session:
        summary = _replace(session, published=published) if published else _fill(session, year=day_of(at).year)
    log.info(summary)
    return summary


def working_days(session: Session, *, at: datetime) -> WorkingDays:
    """The calendar in force. Raises NoBankHolidays rather than count bank holidays as working days."""
    days = session.scalars(select(BankHoliday.day)).all()
    year = day_of(at).year
    if not any(day.year == year for day in days):
        raise NoBankHolidays(f"no bank holidays of {year} in the table; run calendars.refresh_bank_holidays first")
    return WorkingDays.without(days)


def offline_copy(years: Iterable[int]) -> dict[date, str]:
    """What the `holidays` package knows of these years."""
    import holidays  # a large table, needed only here: the clock should not load it

    known = holidays.country_holidays("GB", subdiv="ENG", years=years)
    return {day: title for day, title in known.items() if day.weekday() < SATURDAY}


def read_feed(text: bytes) -> dict[date, str]:
    """The feed's days and their titles. Raises BadFeed."""
    try:
        events = json.loads(text)[DIVISION]["events"]
        days = {date.fromisoformat(event["date"]): str(event["title"])[:100] for event in events}
    except (ValueError, KeyError, TypeError) as error:
        raise BadFeed(f"the bank-holiday feed is not what was agreed: {error!r}") from error
    if not days:
        raise BadFeed("the bank-holiday feed lists no days at all")
    return days


def _download(address: str) -> dict[date, str] | None:
    if urlsplit(address).scheme not in ("http", "https"):
        raise BadFeed(f"BANK_HOLIDAYS_URL must begin with https:// or http://, not {address!r}")
    try:
        with urlopen(address, timeout=PATIENCE) as answer:
            return read_feed(answer.read())
    except (URLError, TimeoutError, ConnectionError) as error:
        log.warning("the bank-holiday feed cannot be reached (%s); going on with the offline copy", error)
        return None


def _replace(session: Session, *, published: dict[date, str]) -> str:
    """Make the feed's span of the table equal to the feed: days are also moved and withdrawn."""
    span = BankHoliday.day.between(min(published), max(published))
    kept = {row.day: row for row in session.scalars(select(BankHoliday).where(span))}
    withdrawn = kept.keys() - published.keys()
    session.execute(delete(BankHoliday).where(BankHoliday.day.in_(withdrawn)))
    for day in kept.keys() & published.keys():
        kept[day].title = published[day]
    added = add_missing(session, table=BankHoliday, rows=_rows(published))
    return f"bank holidays from the feed: {added} added, {len(withdrawn)} withdrawn, {len(published)} in all"


def _fill(session: Session, *, year: int) -> str:
    """Add whole years that are missing, and only those: a copy must not overrule what the feed once said."""
    known = {day.year for day in session.scalars(select(BankHoliday.day))}
    missing = [y for y in range(year - 1, year + 3) if y not in known]
    added = add_missing(session, table=BankHoliday, rows=_rows(offline_copy(missing))) if missing else 0
    return f"bank holidays from the offline copy: {added} added"


def _rows(days: dict[date, str]) -> list[dict[str, object]]:
    return [{"day": day, "title": title} for day, title in sorted(days.items())]
