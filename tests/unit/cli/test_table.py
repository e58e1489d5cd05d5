"""Tables of the commands: for a terminal, and for a pipe."""

from __future__ import annotations

import pytest

from rqclock.cli.table import filled, output


def test_a_column_that_says_nothing_is_left_out() -> None:
    table = filled(["Due", "Reason", "Error"], [["a", "", "x"], ["b", "", ""]])
    assert [column.header for column in table.columns] == ["Due", "Error"]


def test_into_a_pipe_each_row_is_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    output().print(filled(["Due", "Reason"], [["10:35", "why " * 100]]))
    assert sum("10:35" in line and line.count("why") == 100 for line in capsys.readouterr().out.splitlines()) == 1
