"""The weekly digest of one region: a page of text that a person can read and compare with last week's."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from services.bank_holidays import working_days
from services.database import transaction
from services.deadlines import deadline
from services.records import AWAITING, REJECTED_BY_DEFAULT, Application, Provider
from services.working_days import WorkingDays, day_of

log = logging.getLogger(__name__)

REPORTS = Path("var/reports")
WEEK = timedelta(days=7)


def weekly(region: str, *, at: datetime) -> str:
    """Write the digest of the seven days before `at`; a second run of the same week replaces its file."""
    today = day_of(at)
    with transaction() as session:
        days = working_days(session, at=at)
        of_region = select(Application).join(Provider).where(Provider.region == region).order_by(Application.sent_on)
        applications = list(session.scalars(of_region))
    year, week, _ = today.isocalendar()
    path = REPORTS / f"{year}-W{week:02}-{region}.txt"
    REPORTS.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(_lines(applications, region=region, today=today, days=days)) + "\n", encoding="utf-8")
    summary = f"weekly report, {region}: {len(applications)} applications: {path}"
    log.info(summary)
    return summary


def _lines(applications: list[Application], *, region: str, today: date, days: WorkingDays) -> list[str]:
    begin = today - WEEK
    arrived = [a for a in applications if begin <= a.sent_on < today]
    decided = [a for a in applications if a.decided_at and begin <= day_of(a.decided_at) < today]
    defaulted = [a for a in decided if a.status == REJECTED_BY_DEFAULT]
    waiting = [a for a in applications if a.status == AWAITING]
    return [
        f"Applications in the {region}, {begin:%-d %B} to {today - timedelta(days=1):%-d %B %Y}",
        "",
        f"arrived                {len(arrived):5}",
        f"decided                {len(decided):5}",
        f"  of them by default   {len(defaulted):5}",
        f"awaiting a decision    {len(waiting):5}",
        "",
        "Next deadlines",
        *(f"{deadline(days, sent_on=a.sent_on)}  {a.reference}  {a.provider.name}" for a in waiting[:10]),
    ]
