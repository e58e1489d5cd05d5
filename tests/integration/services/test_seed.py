"""After `python -m services.seed` every kind of work is waiting, and a second start disturbs nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from services import deadlines, mailbox, reports, simulation
from services.applications import receive
from services.seed import seed
from tests.integration.services.conftest import AT


@pytest.fixture(autouse=True)
def seeded(tables: None) -> str:
    return seed(AT)


def test_there_is_somebody_to_chase_and_something_to_close_and_a_reply_that_fails() -> None:
    assert deadlines.chase_providers(AT).startswith("4 applications chased: ")
    assert deadlines.reject_by_default(AT).startswith("2 applications rejected by default: ")
    with pytest.raises(mailbox.UnreadableReply, match="3-garbled"):
        mailbox.check(AT, set_aside=False)


def test_a_filled_database_is_left_alone() -> None:
    mailbox.check(AT, set_aside=True)
    assert seed(AT).endswith("is filled already; nothing to do")
    assert mailbox.check(AT, set_aside=False) == "0 replies recorded"


def test_the_digest_of_a_region_counts_its_own_applications_and_replaces_its_file() -> None:
    line = reports.weekly("north", at=AT)
    assert line == "weekly report, north: 4 applications: var/reports/2026-W27-north.txt"
    assert reports.weekly("north", at=AT) == line
    text = Path("var/reports/2026-W27-north.txt").read_text()
    assert "arrived                    1\n" in text
    assert "A1001  Aire Valley Teaching Alliance" in text
    assert "A1003" not in text  # the south's


def test_a_simulated_arrival_is_the_same_for_the_same_tick_and_can_be_received() -> None:
    arrivals = [simulation.arrival(AT + timedelta(seconds=15 * turn)) for turn in range(6)]
    assert arrivals[0] == simulation.arrival(AT)
    for made_up in arrivals:
        receive(
            made_up.reference,
            candidate=made_up.candidate,
            provider=made_up.provider,
            sent_at=made_up.sent_at,
            at=AT,
        )
    assert deadlines.reject_by_default(AT).startswith("3 applications rejected by default")


def test_simulated_answers_are_mostly_readable() -> None:
    for turn in range(5):
        simulation.answer_one(AT + timedelta(seconds=20 * turn))
    with pytest.raises(mailbox.UnreadableReply) as failure:
        mailbox.check(AT, set_aside=False)
    assert str(failure.value).count(".json") == 2  # the seed's own and one of the five
