"""Tables of the commands: for a terminal of any width, and for a pipe."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rqclock.cli.table import show_table

Printed = Callable[..., list[str]]
COLUMNS = ["Due", "Decision", "Reason", "Worker"]
RUN = ["Mon 23 Nov 2026 09:00 GMT", "enqueued", "the previous run had ended", "5f0c9a8d2b7e4d01"]


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Printed:
    """What the table is at a width; without one, into a pipe."""

    def show(width: int | None, columns: list[str], rows: list[list[str]], title: str | None = None) -> list[str]:
        if width is None:
            monkeypatch.delenv("COLUMNS", raising=False)
        else:
            monkeypatch.setenv("COLUMNS", str(width))
        show_table(columns, rows, title=title)
        return [line.rstrip() for line in capsys.readouterr().out.splitlines()]

    return show


def test_a_column_that_says_nothing_is_left_out(printed: Printed) -> None:
    lines = printed(None, ["Due", "Reason", "Error"], [["a", "", "x"], ["b", "", ""]])
    assert lines[1].split() == ["┃", "Due", "┃", "Error", "┃"]


def test_into_a_pipe_each_row_is_one_line(printed: Printed) -> None:
    lines = printed(None, ["Due", "Reason"], [["10:35", "why " * 100]])
    assert sum("10:35" in line and line.count("why") == 100 for line in lines) == 1


@pytest.mark.parametrize("width", [72, 80, 100, 200])
def test_in_a_terminal_lines_are_broken_between_words(printed: Printed, width: int) -> None:
    lines = printed(width, COLUMNS, [RUN, RUN], "weekly report")
    assert max(len(line) for line in lines) <= width
    assert any("┃ Due" in line for line in lines)
    words = " ".join(lines).replace("│", " ").split()
    assert {word for cell in RUN for word in cell.split()} <= set(words)
    assert sum(RUN[0] in line for line in lines) == 2  # what names a row is not broken


def test_where_words_do_not_fit_side_by_side_they_stand_below_each_other(printed: Printed) -> None:
    assert printed(50, COLUMNS, [RUN, ["10:00", "missed", "", ""]], "weekly report") == [
        "weekly report",
        "Mon 23 Nov 2026 09:00 GMT",
        "  decision enqueued · reason the previous run had",
        "  ended · worker 5f0c9a8d2b7e4d01",
        "10:00",
        "  decision missed",
    ]


def test_a_very_long_word_is_broken_and_nothing_of_it_is_lost(printed: Printed) -> None:
    url = "https://example.org/" + "a" * 300
    lines = printed(80, ["Due", "Error"], [["10:00", url]])
    assert "".join(line.split("│")[2].strip() for line in lines if line.count("│") == 3) == url


def test_wide_characters_count_twice(printed: Printed) -> None:
    name = "週報" * 10
    assert name in "".join(printed(60, ["Name", "When"], [[name, "every Monday at nine in the morning"]]))
