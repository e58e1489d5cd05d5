"""That no clock was ever there is told where one is wanted, after as long as any silence of a clock."""

from __future__ import annotations

import pytest

from rqclock.alerts.absence import Absence, Place

EMPTY = Place()
LED = Place(("default",))
USED = Place(used=True)
GIVEN_UP = Place(given_up=True, used=True)


@pytest.fixture
def absence() -> Absence:
    return Absence("rq", 30.0, expected=True)


def bad(absence: Absence, place: Place, monotonic: float) -> bool | None:
    found = absence.look(place, monotonic)
    assert found is not None
    return found.bad


def test_a_clock_that_never_came_is_told_after_as_long_as_was_set(absence: Absence) -> None:
    assert [bad(absence, EMPTY, at) for at in (100.0, 129.9, 130.0)] == [None, None, True]
    found = absence.look(EMPTY, 131.0)
    assert found is not None and found.id == "clock-silent::"
    assert found.text.startswith("no clock has ever led here: below the prefix 'rq' Redis knows of none.")


def test_a_first_clock_that_comes_somewhat_after_the_web_process_is_no_alarm(absence: Absence) -> None:
    assert [bad(absence, EMPTY, at) for at in (0.0, 5.0, 25.0)] == [None, None, None]
    assert bad(absence, LED, 29.0) is False


def test_it_is_over_when_any_clock_has_taken_the_lead(absence: Absence) -> None:
    assert [bad(absence, EMPTY, at) for at in (0.0, 40.0)] == [None, True]
    back = absence.look(Place(("letters", "default")), 45.0)
    assert back is not None
    assert (back.bad, back.id, back.text) == (
        False, "clock-silent::", "a clock has taken the lead of 'default', 'letters'",
    )  # fmt: skip


def test_a_redis_that_came_back_empty_is_waited_for_anew(absence: Absence) -> None:
    assert bad(absence, LED, 0.0) is False
    assert [bad(absence, EMPTY, at) for at in (1000.0, 1029.0, 1030.0)] == [None, None, True]


def test_the_time_in_which_nobody_looked_is_not_counted(absence: Absence) -> None:
    bad(absence, EMPTY, 0.0)
    absence.forget()
    assert [bad(absence, EMPTY, at) for at in (100.0, 129.0)] == [None, None]


def test_where_a_person_gave_the_last_clock_up_none_has_to_come(absence: Absence) -> None:
    assert [absence.look(GIVEN_UP, at) for at in (0.0, 100.0)] == [None, None]


def test_a_web_process_that_runs_alone_misses_no_clock_before_something_needs_one() -> None:
    alone = Absence("other", 30.0, expected=False)
    assert [bad(alone, EMPTY, at) for at in (0.0, 100.0)] == [None, None]
    assert [bad(alone, USED, at) for at in (200.0, 229.0, 230.0)] == [None, None, True]


def test_a_web_process_that_saw_a_clock_misses_it_also_in_a_redis_that_came_back_empty() -> None:
    web = Absence("rq", 30.0, expected=False)
    assert bad(web, LED, 0.0) is False
    assert [bad(web, EMPTY, at) for at in (100.0, 130.0)] == [None, True]
