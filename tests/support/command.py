"""The console script in the test's own process: what it prints, and its exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from rqclock.cli import main

Rqclock = Callable[..., "Result"]


@dataclass(frozen=True)
class Result:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its whole output as one JSON value."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """Its output as one JSON value a line."""
        return [json.loads(line) for line in self.out.splitlines()]


def runner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Rqclock:
    """`run("list", "--json")` as `rqclock list --json`."""

    def run(*arguments: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["rqclock", *arguments])
        code: Any = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        printed = capsys.readouterr()
        return Result(code, printed.out, printed.err)

    return run
