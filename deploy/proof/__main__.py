"""What `bin/proof` runs, in its own environment: each validator's own output, and a table of verdicts at the end.

A program that this machine lacks is told as skipped, with the command that adds it; with CI=true that is a failure.
`bin/proof --rules` proves nothing: it makes the alerts' copy for Prometheus's operator anew.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from deploy.proof import rules
from deploy.proof.checks import CHECKS
from deploy.proof.running import Failed, Lacking


@dataclass(frozen=True)
class Verdict:
    """How a check ended: `word` is passed, skipped or FAILED."""

    name: str
    word: str
    seconds: float
    note: str

    @property
    def line(self) -> str:
        return f"{self.name:<12} {self.word:<8} {self.seconds:5.1f} s  {self.note}".rstrip()


def main(names: list[str]) -> int:
    if names == ["--list"]:
        print("\n".join(f"{name:<12} {check.__doc__}" for name, check in CHECKS.items()))
        return 0
    if names == ["--rules"]:
        rules.write()
        return 0
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        print(f"bin/proof: no check {unknown[0]!r}; there are: image {' '.join(CHECKS)}", file=sys.stderr)
        return 2
    verdicts = [judge(name, CHECKS[name]) for name in names or CHECKS]
    print("\n=== verdicts", *(verdict.line for verdict in verdicts), sep="\n")
    print(closing_line(verdicts))
    return int(any(is_bad(verdict.word) for verdict in verdicts))


def judge(name: str, check: Callable[[], str]) -> Verdict:
    print(f"\n=== {name}: {check.__doc__}", flush=True)
    began = time.monotonic()
    try:
        word, note = "passed", check()
    except Lacking as lack:
        word, note = "skipped", str(lack)
        print(f"skipped: {note}")
    except Failed as failure:
        word, note = "FAILED", str(failure)
    return Verdict(name, word, time.monotonic() - began, note)


def is_bad(word: str) -> bool:
    return word == "FAILED" or (word == "skipped" and os.environ.get("CI") == "true")


def closing_line(verdicts: list[Verdict]) -> str:
    counts = {word: sum(verdict.word == word for verdict in verdicts) for word in ("passed", "FAILED", "skipped")}
    return f"proof: {counts['passed']} passed, {counts['FAILED']} failed, {counts['skipped']} skipped"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
