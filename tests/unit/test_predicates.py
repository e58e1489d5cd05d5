"""User code at the clock can neither stop nor delay a tick for long."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

from rqclock.running.predicates import STRIKES, Predicates

NOON = datetime(2027, 1, 15, 12)


def broken(local: datetime) -> bool:
    raise KeyError("rota")


def yes(local: datetime) -> bool:
    return True


def ask(predicates: Predicates, name: str = "s", predicate: Any = yes) -> tuple[str, str] | None:
    return predicates.ask(name, predicate, NOON)


def test_yes_enqueues_and_no_skips() -> None:
    predicates = Predicates()
    assert ask(predicates) is None
    assert ask(predicates, predicate=lambda local: False) == ("skipped", "its condition said no")


def test_a_condition_is_asked_with_the_local_time_of_the_tick() -> None:
    asked: list[datetime] = []

    def note(local: datetime) -> bool:
        asked.append(local)
        return True

    Predicates().ask("s", note, NOON)
    assert asked == [NOON]


def test_any_truth_counts() -> None:
    assert ask(Predicates(), predicate=lambda local: [1]) is None
    assert ask(Predicates(), predicate=lambda local: "") == ("skipped", "its condition said no")


def test_a_condition_that_raises_refuses_and_says_what_it_raised() -> None:
    decision, reason = ask(Predicates(), predicate=broken) or ("", "")
    assert decision == "refused"
    assert "KeyError" in reason and "rota" in reason


def test_a_truth_that_raises_is_a_condition_that_raises() -> None:
    class Odd:
        def __bool__(self) -> bool:
            raise ValueError("neither")

    assert (ask(Predicates(), predicate=lambda local: Odd()) or ("",))[0] == "refused"


def test_a_condition_that_hangs_is_cut_off_and_the_next_one_is_asked_all_the_same() -> None:
    release = threading.Event()
    predicates = Predicates(limit=0.05)
    decision, reason = ask(predicates, predicate=lambda local: release.wait(30)) or ("", "")
    assert (decision, reason) == ("refused", "its condition took longer than 0.05 s")
    assert ask(predicates, "another") is None
    release.set()


def test_a_late_answer_of_a_condition_that_hung_is_not_taken_for_another_ones() -> None:
    release = threading.Event()
    predicates = Predicates(limit=0.05)
    ask(predicates, predicate=lambda local: release.wait(30))
    release.set()
    assert ask(predicates, "another", lambda local: False) == ("skipped", "its condition said no")


def test_three_failures_in_a_row_quarantine_a_schedule_without_asking_again() -> None:
    predicates, asked = Predicates(), []

    def failing(local: datetime) -> bool:
        asked.append(local)
        raise OSError

    for _ in range(STRIKES):
        ask(predicates, predicate=failing)
    decision, reason = ask(predicates, predicate=failing) or ("", "")
    assert decision == "refused"
    assert "is not asked any more" in reason
    assert len(asked) == STRIKES


def test_a_quarantine_is_of_one_schedule_alone() -> None:
    predicates = Predicates()
    for _ in range(STRIKES):
        ask(predicates, predicate=broken)
    assert ask(predicates, "another") is None


def test_a_good_answer_forgives_the_failures_before_it() -> None:
    predicates = Predicates()
    for _ in range(5):
        for _ in range(STRIKES - 1):
            ask(predicates, predicate=broken)
        assert ask(predicates) is None


def test_a_condition_that_ends_its_thread_is_a_failure_like_any_other() -> None:
    def leaving(local: datetime) -> bool:
        raise SystemExit(1)

    predicates = Predicates()
    assert ask(predicates, predicate=leaving) == ("refused", "its condition raised SystemExit: 1")
    assert ask(predicates) is None
