"""The words of `bin/test`."""

from __future__ import annotations

import pytest

from tests.__main__ import TIERS, folders, main, pytest_arguments


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        (["unit"], ["tests/unit"]),
        (["unit", "integration", "-x"], ["tests/unit", "tests/integration", "-x"]),
        (["-k", "unit"], ["-k", "unit"]),
        (["tests/unit/test_a.py"], ["tests/unit/test_a.py"]),
        (["all", "-q"], [*folders(TIERS), "-q"]),
    ],
)
def test_leading_names_of_tiers_are_folders_and_the_rest_is_pytests(words: list[str], arguments: list[str]) -> None:
    assert pytest_arguments(words) == arguments


def test_help_tells_the_tiers_and_not_all_that_pytest_knows(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(tier in said for tier in TIERS) and "--maxfail" not in said
