"""A second try in CI for what asks for this machine's time; none where a tick was lost or doubled."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Dozens of real processes share two cores: where the machine stood still, one of these tests may be too late.

    In CI such a test is run once more and named in the summary. Wrong accounts are no matter of time: they fail.
    """
    if not os.environ.get("CI"):
        return
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=1, rerun_except=["WrongAccounts"]))
