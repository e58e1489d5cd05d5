"""The pace of a backfill, without a clock of the wall."""

from __future__ import annotations

import pytest

from rqclock.acts.backfill import BATCH, Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(("rate", "batch"), [(None, BATCH), (0.5, 1), (7, 7), (1000, BATCH)])
def test_a_batch_is_never_more_than_a_second_of_the_rate(rate: float | None, batch: int) -> None:
    assert Pace(rate).batch == batch


def test_each_run_waits_for_its_turn_and_work_in_between_costs_no_time() -> None:
    clock, starts = Clock(), []
    pace = Pace(2, clock.read, clock.sleep)
    for _ in range(4):
        pace.wait(1)
        starts.append(clock.now)
        clock.now += 0.2
    assert starts == [100.0, 100.5, 101.0, 101.5]


def test_no_rate_never_waits() -> None:
    clock = Clock()
    pace = Pace(None, clock.read, clock.sleep)
    for _ in range(10):
        pace.wait(BATCH)
    assert clock.now == 100.0
