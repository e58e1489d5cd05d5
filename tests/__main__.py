"""What `bin/test` runs: checks and fast tests without arguments, pytest alone with them.

`unit`, `integration`, `acceptance`, `conformance` and `all` in front name the folders of tests/; `checks` runs ruff,
mypy and import-linter alone. What pytest understands may follow: `bin/test unit -k lease`; `bin/test unit --help`
tells all of that.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

TIERS = ("unit", "integration", "acceptance", "conformance")
FAST = ("unit", "integration", "acceptance")
CHECKS = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "mypy --strict": ["mypy"],
    "import-linter": ["lint-imports", "--no-logo"],
}
# Most acceptance tests wait for processes, so three at a time keep two processors busy; tests/conftest.py says which
# of them must stay together.
BESIDE = ["-n", "3", "--dist", "loadgroup", "--no-loadscope-reorder"]


def main(arguments: list[str]) -> int:
    if arguments in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    if arguments == ["checks"]:
        return len(failed_checks())
    if arguments:
        return pytest.main([*beside_each_other(arguments), *pytest_arguments(arguments)])
    failed = failed_checks()
    code = pytest.main([*BESIDE, *folders(FAST), "-m", "not slow"], plugins=[Reminder(failed)])
    return int(code) or len(failed)


def failed_checks() -> list[str]:
    """Run the checks beside each other; the names of those that failed, whose output is shown."""
    began = time.monotonic()
    bin_folder = Path(sys.executable).parent
    running = {
        name: subprocess.Popen(
            [str(bin_folder / command[0]), *command[1:]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for name, command in CHECKS.items()
    }
    failed = []
    for name, process in running.items():
        output, _ = process.communicate()
        if process.returncode:
            failed.append(name)
            print(output)
        print(f"{name}: {'FAILED' if process.returncode else 'ok'} ({time.monotonic() - began:.0f} s)", flush=True)
    return failed


def beside_each_other(arguments: list[str]) -> list[str]:
    """How many at once: as the arguments say, else some where everything runs, and one where somebody looks."""
    if "-n" in arguments:
        return BESIDE[2:]
    return BESIDE if arguments[0] == "all" else []


def pytest_arguments(arguments: list[str]) -> list[str]:
    """The leading names of tiers become folders; from the first other word on it is pytest's own language."""
    first = next((place for place, word in enumerate(arguments) if word not in (*TIERS, "all")), len(arguments))
    tiers, rest = arguments[:first], arguments[first:]
    return [*folders(TIERS if "all" in tiers else tuple(tiers)), *rest]


def folders(tiers: tuple[str, ...]) -> list[str]:
    return [f"tests/{tier}" for tier in tiers if Path("tests", tier).is_dir()]


class Reminder:
    """Repeats the failed checks at the end, where they are read; pytest's own line stays the last."""

    def __init__(self, failed: list[str]) -> None:
        self._failed = failed

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._failed:
            terminalreporter.section("checks", red=True)
            terminalreporter.line(f"failed before the tests: {', '.join(self._failed)}; their output is above")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
