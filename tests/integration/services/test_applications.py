"""Arriving and answering: twice is the same as once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select

from services import applications, letters, mail
from services.database import transaction
from services.records import Application, Letter
from tests.integration.services.conftest import AT, Apply

JUNE = date(2026, 6, 1)


def test_an_application_that_arrives_twice_is_recorded_and_announced_once(apply: Apply) -> None:
    assert apply("A1", on=JUNE) == apply("A1", on=JUNE)
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(Application)) == 1
    assert [path.name for path in Path("var/outbox").iterdir()] == ["A1-arrival.eml"]


def test_an_application_to_nobody_is_refused(apply: Apply) -> None:
    apply.provider = "Nobody"
    with pytest.raises(applications.UnknownProvider, match="'Nobody'"):
        apply("A1", on=JUNE)


def test_the_first_answer_counts(apply: Apply) -> None:
    apply("A1", on=JUNE)
    assert applications.decide("A1", answer="offer", at=AT) == "A1: offered"
    assert applications.decide("A1", answer="reject", at=AT) == "A1: reject changes nothing, it is closed"
    assert letters.post(AT) == ["var/outbox/A1-offered.eml"]


def test_an_answer_to_no_application_is_refused(apply: Apply) -> None:
    with pytest.raises(applications.UnknownApplication, match="'A9'"):
        applications.decide("A9", answer="offer", at=AT)


def test_two_workers_that_post_at_once_send_each_letter_once(apply: Apply, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        apply(f"A{number}", on=JUNE)
        applications.decide(f"A{number}", answer="offer", at=AT)
    with ThreadPoolExecutor(2) as pool:
        posted = [place for places in pool.map(letters.post, [AT, AT]) for place in places]
    assert sorted(posted) == [f"var/outbox/A{number}-offered.eml" for number in range(6)]
    with transaction() as session:
        assert session.scalar(select(func.count()).where(Letter.sent_at.is_(None))) == 0


def test_a_refused_address_of_one_application_does_not_fail_the_next(
    apply: Apply, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(message: object) -> str:
        raise mail.Refused("no such mailbox")

    with monkeypatch.context() as strict, pytest.raises(mail.Refused):
        strict.setattr(mail, "send", refuse)
        apply("A1", on=JUNE)
    apply("A2", on=JUNE)
    assert letters.post(AT) == ["var/outbox/A1-arrival.eml"]
