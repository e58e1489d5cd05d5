"""Replies are recorded once, and one that nobody can read holds up no other."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from services import mailbox
from services.database import transaction
from services.records import Application
from services.simulation import drop_in_inbox
from tests.integration.services.conftest import AT, Apply


@pytest.fixture(autouse=True)
def waiting(apply: Apply) -> None:
    for reference in ("A1", "A2"):
        apply(reference, on=date(2026, 6, 1))


def statuses() -> list[str]:
    with transaction() as session:
        return list(session.scalars(select(Application.status).order_by(Application.reference)))


def files(folder: str) -> list[str]:
    return sorted(path.name for path in Path("var/inbox", folder).glob("*.*"))


def test_mail_and_json_are_both_replies() -> None:
    drop_in_inbox("1.eml", text="From: admissions@aire.example\nSubject: Re: A1: OFFER\n\nWe are delighted.\n")
    drop_in_inbox("2.json", text='{"reference": "A2", "answer": "reject"}')
    assert mailbox.check(AT, set_aside=False) == "2 replies recorded"
    assert statuses() == ["offered", "rejected"]
    assert files("done") == ["1.eml", "2.json"]
    assert sorted(path.name for path in Path("var/outbox").glob("*ed.eml")) == ["A1-offered.eml", "A2-rejected.eml"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("0.json", '{"reference": "A1", "ans'),
        ("0.json", "[]"),
        ("0.json", '{"reference": "A1", "answer": "perhaps"}'),
        ("0.json", '{"reference": "A9", "answer": "offer"}'),
        ("0.eml", "Subject: out of office\n\nBack on Monday.\n"),
    ],
)
def test_an_unreadable_reply_fails_the_first_look_after_the_others_are_recorded(name: str, text: str) -> None:
    drop_in_inbox(name, text=text)
    drop_in_inbox("2.json", text='{"reference": "A2", "answer": "offer"}')
    with pytest.raises(mailbox.UnreadableReply, match=f"var/inbox/{name}: "):
        mailbox.check(AT, set_aside=False)
    assert statuses() == ["awaiting decision", "offered"]
    assert files("") == [name]


def test_a_later_look_moves_it_out_of_the_way() -> None:
    drop_in_inbox("0.json", text="not JSON")
    assert mailbox.check(AT, set_aside=True) == "0 replies recorded; 1 unreadable, moved to var/inbox/unreadable"
    assert (files(""), files("unreadable")) == ([], ["0.json"])


def test_a_reply_that_was_half_written_at_the_first_look_is_recorded_at_the_second() -> None:
    drop_in_inbox("0.json", text='{"reference": "A1", ')
    with pytest.raises(mailbox.UnreadableReply):
        mailbox.check(AT, set_aside=False)
    drop_in_inbox("0.json", text='{"reference": "A1", "answer": "offer"}')
    assert mailbox.check(AT, set_aside=True) == "1 replies recorded"


def test_an_empty_or_missing_inbox_is_no_failure() -> None:
    assert mailbox.check(AT, set_aside=False) == "0 replies recorded"
