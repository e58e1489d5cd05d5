"""Every fault that a test injects, with its result and its figures: python -m bench.faults [--fast]

Without --fast the long ones run too, twenty minutes, and with them those that `bin/test all` leaves out. A test with
many cases is one row where the cases are no faults of their own (those of pages).
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Generator
from dataclasses import dataclass, field

import click
import pytest

FOLDERS = ("tests/acceptance", "tests/integration/web", "tests/integration/worker")
HEAD = ("#", "fault", "what holds", "result", "s", "measured")


@dataclass
class Row:
    """One test: what was injected, what it promises, and what came of it."""

    number: str
    injected: str
    promise: str
    result: str = "left out"
    seconds: float = 0.0
    measured: list[str] = field(default_factory=list)

    def cells(self) -> tuple[str, ...]:
        measured = ", ".join(self.measured)
        return self.number, self.injected, self.promise, self.result, f"{self.seconds:.0f}", measured

    def place(self) -> tuple[int, str]:
        """Its place in the fault plan."""
        return int(re.match(r"\d+", self.number)[0]), self.injected  # type: ignore[index]


class Table:
    """A pytest plug-in: collects one row for each test."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self._took = 0.0

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        marker = item.get_closest_marker("fault")
        if marker is None:
            return report
        number, injected = marker.args
        name = item.name.partition("[")[0] if "web" in item.path.parts else item.name
        row = self.rows.setdefault(f"{item.path} {name}", Row(number, injected, _words(name)))
        if report.when == "call":
            self._took = report.duration
        if report.failed:
            row.result = "FAILED"
        elif report.when == "call" and report.passed and row.result != "FAILED":
            row.result = "ok"
        if report.when == "teardown":  # now it is known what the test itself has measured
            row.measured += [str(value) for name, value in item.user_properties if name == "measured"]
            row.seconds += float(str(dict(item.user_properties).get("seconds") or self._took))
        return report


def _words(test: str) -> str:
    """The promise that is the test's name."""
    name, _, parameter = test.removeprefix("test_").partition("[")
    return name.replace("_s_", "'s ").replace("_", " ") + (f" ({parameter.rstrip(']')})" if parameter else "")


@click.command()
@click.option("--fast", is_flag=True, help="Only those that bin/test runs too.")
def main(fast: bool) -> None:
    """Print the table of all faults; exit code 1 if one of them did harm."""
    table = Table()
    os.environ["FAULTS_LONG"] = "1"
    code = pytest.main(
        [*FOLDERS, "-q", "--tb=short", "-o", "faulthandler_timeout=0", "-m", "fault and not slow" if fast else "fault"],
        plugins=[table],
    )
    click.echo("\n" + "\n".join(f"| {' | '.join(cells)} |" for cells in (HEAD, ("---",) * len(HEAD))))
    for row in sorted(table.rows.values(), key=Row.place):
        click.echo(f"| {' | '.join(row.cells())} |")
    sys.exit(int(code))


if __name__ == "__main__":
    main()
