"""A sending has an end, whatever it waits for."""

from __future__ import annotations

import threading

import pytest

from rqclock.alerts.deadline import LONGEST, within
from rqclock.alerts.register import CLAIM


def test_what_takes_too_long_is_left_to_itself() -> None:
    release = threading.Event()
    with pytest.raises(TimeoutError):
        within(0.05, lambda: release.wait(60))
    release.set()


def test_what_ends_in_time_says_what_it_found() -> None:
    assert within(60, lambda: "sent") == "sent"


def test_what_fails_says_so_to_whoever_waits() -> None:
    with pytest.raises(ZeroDivisionError):
        within(60, lambda: 1 // 0)


def test_a_sending_ends_before_anybody_else_may_begin_it_anew() -> None:
    assert LONGEST < CLAIM
