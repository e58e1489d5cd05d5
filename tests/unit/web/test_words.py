from __future__ import annotations

import re

import pytest

from rqclock.store.rq_records import error_line
from rqclock.views.history import Run
from rqclock.web.words import (
    DECISIONS,
    STATUSES,
    outcome,
    paused_words,
    sentence,
    spoken,
    when_words,
    zone_words,
)

WORDS_OF_THE_CODE = re.compile(r"tick|ledger|lease|reap|janitor|cursor|epoch|enqueue", re.IGNORECASE)


def run(decision: str = "enqueued", *, status: str | None = None, reason: str | None = None) -> Run:
    return Run(0, decision, reason, status=status)


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (run(status="finished"), "ran"),
        (run(status="failed"), "failed"),
        (run(status="started"), "running"),
        (run(status="queued"), "waiting in the queue"),
        (run(), "waiting in the queue"),
        (run(status="scheduled"), "failed, will be tried again"),
        (run(status="stopped"), "stopped by a person"),
        (run(status="canceled"), "cancelled"),
        (run(status="abandoned"), "lost with its worker"),
        (run(status="unknown"), "queued, and how it ended is not known"),
        (run("skipped", reason="paused by Ann"), "skipped: paused by Ann"),
        (run("missed", reason="clock was down 02:00-02:20"), "missed: clock was down 02:00-02:20"),
        (run("refused", reason="duplicate id"), "could not be queued: duplicate id"),
        (run("something new"), "not known"),
        (run(status="something new"), "not known"),
    ],
)
def test_what_became_of_a_run_is_said_in_plain_words(of: Run, words: str) -> None:
    assert str(outcome(of)) == words


def test_no_outcome_uses_a_word_of_the_code() -> None:
    assert [word for word, _, _ in [*STATUSES.values(), *DECISIONS.values()] if WORDS_OF_THE_CODE.search(word)] == []


def test_outcomes_of_different_colour_differ_in_shape_too() -> None:
    tones: dict[str, set[str]] = {}
    for _, tone, icon in STATUSES.values():
        tones.setdefault(icon, set()).add(tone)
    assert {icon: tone for icon, tone in tones.items() if len(tone) > 1} == {}


@pytest.mark.parametrize(
    ("when", "timezone", "words"),
    [
        ("every working day at 10:35", "Europe/London", "every working day at 10:35, London time"),
        ("every day at 07:00", "America/Argentina/Buenos_Aires", "every day at 07:00, Buenos Aires time"),
        ("every day at 07:00", "UTC", "every day at 07:00, UTC"),
        ("every day at 07:00", "Etc/GMT+3", "every day at 07:00, Etc/GMT+3"),
        ("every 10 minutes", "Europe/London", "every 10 minutes"),
        ("every hour", "Europe/London", "every hour"),
        ("every hour at :15", "Asia/Kolkata", "every hour at :15, Kolkata time"),
        ("on demand", "UTC", "on demand"),
    ],
)
def test_a_time_of_day_names_its_zone_and_a_plain_interval_does_not(when: str, timezone: str, words: str) -> None:
    assert when_words(when, timezone=timezone) == words


def test_a_zone_is_named_by_its_place() -> None:
    assert zone_words("Europe/London") == "London time" and zone_words("UTC") == "UTC"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        ('Traceback (most recent call last):\n  File "a.py", line 1\n    x()\nOSError: no disk', "OSError: no disk"),
        (
            'Traceback\n  File "a.py"\n    x()\n    ^^^\nsql.Error: no table\n[SQL: x]\n(see)',
            "sql.Error: no table",
        ),
        ('Traceback\n  File "a"\nKeyError: 1\n\nDuring …\n\nTraceback\n  File "b"\nOSError: 2', "OSError: 2"),
        ("just a line", "just a line"),
        ("one\n\n two \n", "two"),
        ("", ""),
        ("  \n", ""),
    ],
)
def test_of_a_traceback_the_line_that_says_what_went_wrong_is_shown(error: str, line: str) -> None:
    assert error_line(error) == line


def test_a_very_long_error_is_cut() -> None:
    assert len(error_line("x" * 100_000)) == 500


def test_a_strip_of_runs_can_be_listened_to() -> None:
    assert spoken(["ran", "ran", "failed", "ran"]) == "ran 2 times, failed, ran"


def test_a_pause_is_told_as_far_as_it_is_known() -> None:
    assert paused_words({"by": "Ann", "why": "the register is down"}) == "by Ann: the register is down"
    assert paused_words({"by": "Ann"}) == "by Ann"
    assert paused_words({}) == ""


def test_a_sentence_begins_with_a_capital_and_keeps_its_names() -> None:
    assert sentence("every Monday at 08:00, London time") == "Every Monday at 08:00, London time"
