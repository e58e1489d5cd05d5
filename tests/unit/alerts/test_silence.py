"""Silence of a clock is judged by what this process saw, and by its own monotonic clock."""

from __future__ import annotations

from dataclasses import replace

from rqclock.alerts.silence import Beat, Silence

BEAT = Beat("default", "Europe/London", "host:1:a", "1", "7", at=1_800_000_000.0, host="web-1")


def test_a_beat_that_stands_still_for_as_long_as_was_set_is_silence() -> None:
    silence = Silence("default", 30.0)
    assert silence.look(BEAT, 100.0).bad is None
    assert silence.look(BEAT, 129.9).bad is None
    found = silence.look(BEAT, 130.0)
    assert (found.bad, found.id, found.since) == (True, "clock-silent:default:", 1_800_000_000.0)
    assert found.text == "no clock leads 'default': the last one was last heard at Fri 15 Jan 2027 08:00:00 GMT"


def test_a_watcher_that_has_just_come_says_nothing_before_it_has_seen_a_beat_move() -> None:
    silence = Silence("default", 30.0)
    assert silence.look(BEAT, 0.0).bad is None
    assert silence.look(replace(BEAT, number="8"), 5.0).bad is False


def test_it_is_over_when_any_clock_leads() -> None:
    silence = Silence("default", 30.0)
    silence.look(BEAT, 0.0)
    assert silence.look(BEAT, 40.0).bad is True
    back = silence.look(replace(BEAT, owner="host:2:b", epoch="2", host="web-2"), 41.0)
    assert (back.bad, back.text) == (False, "the clock on web-2 leads 'default'")


def test_a_clock_that_handed_over_to_nobody_is_silent_too() -> None:
    silence = Silence("default", 30.0)
    silence.look(BEAT, 0.0)
    gone = replace(BEAT, owner="")
    assert silence.look(gone, 10.0).bad is None
    assert "was stopped at" in silence.look(gone, 40.0).text


def test_a_clock_of_which_nothing_was_heard_for_a_day_is_silent() -> None:
    silence = Silence("default", 30.0)
    never = Beat("default", "UTC")
    assert silence.look(never, 1000.0).bad is None
    assert silence.look(never, 1030.0).text == "no clock leads 'default', and none has for a day"


def test_the_time_in_which_nobody_could_look_is_not_counted() -> None:
    silence = Silence("default", 30.0)
    silence.look(BEAT, 0.0)
    silence.forget()
    assert silence.look(BEAT, 100.0).bad is None
    assert silence.look(BEAT, 129.0).bad is None
