"""What the doctor says: worst first, 100 columns wide, and in one line at the end what it comes to."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from rqclock.doctor.check import Check, Verdict
from rqclock.masks import mask_urls

WIDTH = 100
LABEL = 12
NAME = 18
CODES = {Verdict.FAILURE: 2, Verdict.WARNING: 1}
NOUNS = {Verdict.FAILURE: "failure", Verdict.WARNING: "warning", Verdict.UNKNOWN: "cannot tell", Verdict.OK: "ok"}


def exit_code(checks: list[Check], *, before_deploy: bool = False) -> int:
    """0 nothing is wrong, 1 warnings, 2 failures; before a deploy warnings are 0 too."""
    worst = max((CODES.get(check.verdict, 0) for check in checks), default=0)
    return 0 if before_deploy and worst == 1 else worst


def text(checks: list[Check], where: str, *, before_deploy: bool = False) -> str:
    """For people. `where` is the Redis that was examined."""
    ranks = list(Verdict)
    ordered = sorted(checks, key=lambda check: ranks.index(check.verdict))
    lines = [f"rqclock doctor{' --before-deploy' if before_deploy else ''}: {where}", ""]
    for check in ordered:
        lines += _lines(check)
    return mask_urls("\n".join(_plain(line) for line in [*lines, "", summary(checks, before_deploy=before_deploy)]))


def _plain(line: str) -> str:
    """Without what would command a terminal: parts of it come from Redis."""
    return "".join(letter if letter.isprintable() else "?" for letter in line)


def summary(checks: list[Check], *, before_deploy: bool = False) -> str:
    """What it comes to."""
    counted = [(verdict, sum(check.verdict is verdict for check in checks)) for verdict in Verdict]
    line = ", ".join(_count(verdict, number) for verdict, number in counted if number)
    if not before_deploy:
        return line
    return f"{line}: " + ("DO NOT DEPLOY" if exit_code(checks, before_deploy=True) else "nothing here loses jobs")


def _count(verdict: Verdict, number: int) -> str:
    plural = "s" if number > 1 and verdict in CODES else ""
    return f"{number} {NOUNS[verdict]}{plural}"


def _lines(check: Check) -> Iterator[str]:
    shown = str(check.verdict)
    label = shown.upper() if check.verdict in CODES else shown
    head = f"{label:<{LABEL}}{check.name:<{NAME}}"
    yield from _wrapped(check.what, head, " " * len(head))
    for title, said in (("why", check.why), ("do", check.remedy)):
        if said:
            yield from _wrapped(said, " " * LABEL + f"{title + ':':<5}", " " * (LABEL + 5))
    yield from (" " * LABEL + line if line else "" for line in check.paste)


def _wrapped(said: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        said, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def facts(checks: list[Check], where: str, *, before_deploy: bool = False) -> dict[str, Any]:
    """For programs."""
    return {
        "redis": where,
        "before_deploy": before_deploy,
        "exit_code": exit_code(checks, before_deploy=before_deploy),
        "counts": {NOUNS[verdict]: sum(check.verdict is verdict for check in checks) for verdict in Verdict},
        "checks": [{name: _masked(value) for name, value in check.facts().items()} for check in checks],
    }


def _masked(value: Any) -> Any:
    if isinstance(value, list):
        return [mask_urls(line) for line in value]
    return mask_urls(value) if isinstance(value, str) else value
