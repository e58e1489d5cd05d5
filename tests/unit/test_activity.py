"""Who did it, why and from where: as people typed it, made fit for one line."""

from __future__ import annotations

import pytest

from rqclock.acts.activity import By, Entry


def test_words_say_who_and_why() -> None:
    assert By("Ann", "the register is down").words("paused") == "paused by Ann: the register is down"
    assert By("Ann").words("run now") == "run now by Ann"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("two\nlines\tand  spaces ", "two lines and spaces"),
        ("\x1b[31mred", "[31mred"),
        ("right\u202eleft", "right left"),
        ("half a \udc80 letter", "half a ? letter"),
        ("Zoë ✓", "Zoë ✓"),
        ("x" * 600, "x" * 500),
    ],
)
def test_a_reason_is_one_printable_line(typed: str, kept: str) -> None:
    assert By("Ann", typed).why == kept


def test_an_entry_for_programs_has_its_time_first_and_all_its_parts() -> None:
    entry = Entry.of("paused", By("Ann", "why", "cli on web-1"), schedule="tick", detail={"until": "later"})
    assert list(entry.facts()) == ["at", "what", "who", "schedule", "why", "where", "detail"]
