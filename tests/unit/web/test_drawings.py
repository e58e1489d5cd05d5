"""Pictures drawn on the server: places worked out from instants, whatever the timetable."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rqclock import Clock
from rqclock.timetable.schedules import Schedule
from rqclock.views.history import Run
from rqclock.web.plot import FEW, SHOWN, ceiling, plot, typical
from rqclock.web.timeline import DAY, LABEL, LANES, WIDTH, bars, hours, place, timeline
from rqclock.web.words import mark
from tests.integration.web import chores

NOW = int(datetime(2026, 11, 23, 7, 30, tzinfo=UTC).timestamp())


def schedule(period: str, *, at: str | None = None) -> Schedule:
    clock = Clock(timezone="Europe/London")
    clock.every(period, at=at).enqueue(chores.sweep)
    return clock.timetable().schedules[0]


def spans(one: Schedule) -> list[tuple[int, int]]:
    return [(bar.first, bar.last) for bar in bars(one, NOW)]


@pytest.mark.parametrize(
    ("period", "at"),
    [
        ("1 second", None),
        ("10 minutes", None),
        ("minute", "9:**"),
        ("hour", ":15"),
        ("day", "09:00"),
        ("7 minutes", None),
    ],
)
def test_every_run_of_the_day_lies_in_a_bar_and_every_bar_ends_with_a_run(period: str, at: str | None) -> None:
    one = schedule(period, at=at)
    due = set(one.between(NOW, NOW + DAY))
    found = spans(one)
    assert {end for span in found for end in span} <= due
    assert all(any(first <= tick <= last for first, last in found) for tick in due)


def test_runs_that_stand_apart_are_drawn_apart_and_close_ones_as_one() -> None:
    assert len(spans(schedule("hour", at=":15"))) == 24
    assert len(spans(schedule("10 minutes"))) == 1
    assert [last - first for first, last in spans(schedule("minute", at="9:**"))] == [59 * 60]


def test_the_first_runs_come_first_and_the_picture_stays_small() -> None:
    clock = Clock(timezone="UTC")
    for number in range(30):
        clock.every("day", at=f"{number % 24:02}:{number:02}", name=f"number {number}").enqueue(chores.sweep)
    drawn = timeline([(one, False) for one in clock.timetable().schedules], zone="UTC", now=NOW)
    assert len(drawn.lanes) == LANES and drawn.left_out == 30 - LANES
    starts = [lane.bars[0].first for lane in drawn.lanes]
    assert starts == sorted(starts)


def test_the_hours_are_those_of_the_clocks_on_the_wall_on_the_night_they_change() -> None:
    evening = int(datetime(2026, 10, 24, 12, tzinfo=UTC).timestamp())
    drawn = hours("Europe/London", evening)
    assert [hour.day for hour in drawn if hour.day] == ["Sun 25 Oct"]
    assert [hour.label for hour in drawn if hour.label] == [
        "15:00",
        "18:00",
        "21:00",
        "00:00",
        "03:00",
        "06:00",
        "09:00",
        "12:00",
    ]
    threes = [hour.x for hour in drawn if hour.label in ("00:00", "03:00", "06:00")]
    assert threes[1] - threes[0] > (threes[2] - threes[1]) * 1.2  # four real hours, then three


def test_now_is_at_the_left_and_tomorrow_at_the_right() -> None:
    assert place(NOW, NOW) == LABEL and place(NOW + DAY, NOW) < WIDTH


def test_a_run_that_took_longer_has_a_higher_bar_and_one_that_did_not_run_has_none() -> None:
    runs = [Run(n, "enqueued", status="finished", started_at=0.0, finished_at=float(n)) for n in (1, 2, 3)]
    drawn = plot([mark(run) for run in [*runs, Run(0, "missed")]])
    assert drawn is not None
    heights = [column.height for column in drawn.columns]
    assert heights[0] == 0 and heights[1] > heights[2] > heights[3] > 0  # oldest first
    assert drawn.typical is not None and "typically 2 s" in drawn.typical.label


def test_only_the_newest_runs_are_drawn() -> None:
    runs = [mark(Run(n, "enqueued", status="finished", started_at=0.0, finished_at=1.0)) for n in range(200)]
    drawn = plot(runs)
    assert drawn is not None and len(drawn.columns) == SHOWN and drawn.columns[-1].mark.run.tick == 0


def test_where_nothing_ran_nothing_is_drawn() -> None:
    assert plot([]) is None and plot([mark(Run(0, "skipped"))]) is None


def test_a_typical_length_takes_some_runs_that_went_well() -> None:
    well = [mark(Run(n, "enqueued", status="finished", started_at=0.0, finished_at=1.0)) for n in range(FEW)]
    failed = [mark(Run(n, "enqueued", status="failed", started_at=0.0, finished_at=99.0)) for n in range(9)]
    assert typical(well[1:] + failed) is None and typical(well + failed) == 1.0


@pytest.mark.parametrize(
    ("value", "top"),
    [(0, 0.001), (0.0042, 0.006), (0.9, 1), (1.01, 2), (42, 60), (61, 120), (3600, 3600), (4000, 7200)],
)
def test_the_scale_ends_at_the_next_round_number(value: float, top: float) -> None:
    assert ceiling(value) == top
