"""A job works for the time at which it was due."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rqclock import CurrentTick
from workers import tick

DUE = datetime(2026, 11, 23, 10, 35, tzinfo=UTC)


def run_as(monkeypatch: pytest.MonkeyPatch, *, attempt: int) -> None:
    current = CurrentTick("chase", DUE, "chase_20261123T103500Z", attempt)
    monkeypatch.setattr(tick, "current_tick", lambda: current)


def test_every_attempt_works_for_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for attempt in (1, 2, 3):
        run_as(monkeypatch, attempt=attempt)
        assert tick.due() == DUE


def test_only_the_first_attempt_is_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = []
    for attempt in (1, 2, 3):
        run_as(monkeypatch, attempt=attempt)
        answers.append(tick.first_attempt())
    assert answers == [True, False, False]


def test_outside_of_a_schedule_the_time_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tick, "current_tick", lambda: None)
    before = datetime.now(UTC)
    assert before <= tick.due() <= datetime.now(UTC)
    assert tick.first_attempt()
