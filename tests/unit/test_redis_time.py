"""Redis's time, believed as far as it deserves."""

from __future__ import annotations

import random

import pytest

from rqclock.running.redis_time import RedisTime

WALL = 1_800_000_000.0
NOUGHT = pytest.approx(0, abs=0.01)  # samples are unsure by milliseconds, and the estimate is on their late side


def after(jump: float, *, wall: float | None = None, doubt: float = 0.001) -> RedisTime:
    """A time that was told WALL at monotonic 100, and at 110 what it should not yet be by `jump` seconds."""
    found = RedisTime()
    found.offer(WALL, 100 - doubt, 100 + doubt, WALL)
    offer(found, 110, jump, wall=wall, doubt=doubt)
    return found


def offer(time: RedisTime, monotonic: float, jump: float, *, wall: float | None = None, doubt: float = 0.001) -> None:
    """A sample that is `jump` seconds away from what WALL at monotonic 100 leads to; the host's clock as `wall`."""
    host = WALL + monotonic - 100 if wall is None else wall
    time.offer(WALL + monotonic - 100 + jump, monotonic - doubt, monotonic + doubt, host)


def off(time: RedisTime, monotonic: float) -> float:
    """How far the estimate is from WALL plus the time gone since."""
    return time.now(monotonic) - (WALL + monotonic - 100)


def test_the_first_sample_is_believed_and_carried_on_by_the_monotonic_clock() -> None:
    time = RedisTime()
    time.offer(WALL, 99.5, 100, 0.0)
    assert time.now(100) == WALL
    assert time.now(160.5) == WALL + 60.5


@pytest.mark.parametrize("jump", [0.4, -0.4, 1.0, -1.0])
def test_a_jump_of_up_to_a_second_is_followed_at_once(jump: float) -> None:
    assert off(after(jump), 110) == pytest.approx(jump, abs=0.01)


@pytest.mark.parametrize("jump", [5.0, -5.0, 30.0, -30.0])
def test_a_jump_of_up_to_half_a_minute_is_worked_off_slowly(jump: float) -> None:
    time = after(jump)
    assert off(time, 110) == NOUGHT
    assert off(time, 120) == pytest.approx(1.0 if jump > 0 else -1.0, abs=0.01)
    assert off(time, 110 + 400) == pytest.approx(jump, abs=0.01)


def test_while_a_jump_back_is_worked_off_time_still_goes_forward() -> None:
    time = after(-20.0)
    instants = [time.now(110 + n) for n in range(100)]
    assert instants == sorted(instants)


def test_samples_during_the_slow_way_do_not_speed_it_up() -> None:
    time = after(10.0)
    for monotonic in range(111, 121):
        offer(time, monotonic, 10.0)
    assert off(time, 120) == pytest.approx(1.0, abs=0.05)


def test_a_jump_that_is_taken_back_ends_the_slow_way() -> None:
    time = after(10.0)
    offer(time, 110.5, 0.0)
    assert off(time, 500) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_a_large_jump_that_the_hosts_clock_does_not_confirm_is_held(jump: float) -> None:
    time = after(jump)
    assert time.held == pytest.approx(jump, abs=0.01)
    assert off(time, 110) == NOUGHT
    assert off(time, 500) == NOUGHT


def test_a_large_jump_that_the_hosts_clock_confirms_is_followed() -> None:
    time = after(3600.0, wall=WALL + 3610 + 20)
    assert time.held is None
    assert off(time, 110) == pytest.approx(3600, abs=0.01)


def test_a_held_jump_is_forgotten_when_redis_agrees_again() -> None:
    time = after(3600.0)
    offer(time, 111, 0.0)
    assert time.held is None
    assert off(time, 111) == NOUGHT


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_a_jump_from_before_the_start_is_held_as_if_it_had_been_seen(jump: float) -> None:
    time = RedisTime()
    offer(time, 100, jump)
    time.hold(jump)
    offer(time, 110, jump)
    assert time.held == pytest.approx(jump, abs=0.01)
    assert off(time, 110) == NOUGHT
    offer(time, 111, 0.0)
    assert time.held is None


def test_a_held_jump_is_followed_once_a_person_accepts_it() -> None:
    time = after(3600.0)
    time.accept()
    offer(time, 111, 3600.0)
    assert time.held is None
    assert off(time, 111) == pytest.approx(3600, abs=0.01)


def test_a_sample_that_took_longer_than_it_could_tell_changes_nothing() -> None:
    time = after(0.0)
    offer(time, 115, 1.5, doubt=2.0)
    assert off(time, 115) == NOUGHT


@pytest.mark.parametrize("late", [0.5, 4.5, 20.0, 200.0])
def test_a_first_answer_that_was_late_is_corrected_by_the_next_at_once(late: float) -> None:
    time = RedisTime()
    time.offer(WALL, 100, 100 + late, WALL + late)  # a handshake, or a process that stood still
    assert off(time, 100 + late) == pytest.approx(-late, abs=0.01)
    offer(time, 101 + late, 0.0)
    assert off(time, 101 + late) == NOUGHT
    assert time.held is None


def test_over_a_network_of_seconds_the_estimate_becomes_as_good_as_the_fastest_answer() -> None:
    time = RedisTime()
    for n, back in enumerate([2.9, 1.5, 0.2, 2.0]):
        time.offer(WALL + n * 10, 100 + n * 10 - 3 + back, 100 + n * 10 + back, WALL + n * 10)
    assert -0.25 < off(time, 140) <= 0


def test_an_unsure_sample_does_not_release_a_held_jump() -> None:
    time = after(3600.0)
    offer(time, 115, 3.0, doubt=4.0)
    assert time.held == pytest.approx(3600, abs=0.01)


def test_small_drift_is_followed_sample_by_sample() -> None:
    time = after(0.0)
    for n in range(1, 100):
        offer(time, 110 + n, n * 0.01)
    assert off(time, 209) == pytest.approx(0.99, abs=0.02)


def test_the_estimate_is_never_ahead_and_as_good_as_the_best_of_the_last_samples() -> None:
    """Round trips of 2 to 80 ms, unevenly divided between the way there and the way back."""
    draw, time, late = random.Random(1), RedisTime(), []
    for n in range(2000):
        there, back = draw.choice([0.001, 0.02, 0.04]), draw.choice([0.001, 0.02, 0.04])
        at = 100 + n / 2
        time.offer(WALL + at - 100, at - there, at + back, WALL + at - 100)
        late += [-off(time, at + back + more) for more in (0.0, 0.2, 0.4)]
    assert min(late) >= -1e-6
    assert sorted(late[30:])[len(late) // 2] < 0.003


@pytest.mark.parametrize("drift", [400e-6, -400e-6])
def test_the_estimate_is_not_ahead_of_a_server_whose_clock_is_turned(drift: float) -> None:
    time = RedisTime()
    for n in range(2000):
        real = WALL + n / 2 * (1 + drift)
        time.offer(real, 100 + n / 2 - 0.005, 100 + n / 2 + 0.005, real)
        assert real - 0.006 < time.now(100 + n / 2) <= real + 1e-6
