"""An arriving application plans its own reminder, never in the past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services import applications as services
from workers import applications

SENT = "2026-11-20T17:30:00+00:00"


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[tuple[datetime, str]]:
    calls: list[tuple[datetime, str]] = []

    class Planning:
        def enqueue_at(self, when: datetime, function: object, reference: str) -> None:
            assert function is applications.remind
            calls.append((when, reference))

    monkeypatch.setattr(applications, "Scheduler", Planning)
    return calls


def receive() -> None:
    who = {"name": "Amira Khan", "email": "amira@candidates.example", "course": "Physics"}
    applications.receive("A1", candidate=who, provider="Aire Valley", sent_at=SENT)


def test_the_reminder_is_planned_for_when_it_is_due(
    planned: list[tuple[datetime, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    due = datetime.now(UTC) + timedelta(days=42)
    monkeypatch.setattr(services, "receive", lambda reference, **details: due)
    receive()
    assert planned == [(due, "A1")]


def test_a_reminder_that_is_overdue_is_planned_for_now(
    planned: list[tuple[datetime, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = datetime.now(UTC)
    monkeypatch.setattr(services, "receive", lambda reference, **details: before - timedelta(days=3))
    receive()
    [(when, reference)] = planned
    assert reference == "A1"
    assert before <= when <= datetime.now(UTC)


def test_nothing_is_planned_for_an_application_that_could_not_be_recorded(
    planned: list[tuple[datetime, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(reference: str, **details: object) -> datetime:
        raise services.UnknownProvider(reference)

    monkeypatch.setattr(services, "receive", refuse)
    with pytest.raises(services.UnknownProvider):
        receive()
    assert planned == []
