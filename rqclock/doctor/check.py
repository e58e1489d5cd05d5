"""What the doctor found of one thing."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """Worst first."""

    FAILURE = "failure"
    WARNING = "warning"
    UNKNOWN = "cannot tell"
    OK = "ok"


@dataclass(frozen=True)
class Check:
    """`what` was found, `why` it matters, `remedy` what to do.

    `paste` are lines for the clock file, as they are. `stops_deploy`: with this, jobs are lost or no process would run.
    """

    name: str
    verdict: Verdict
    what: str
    why: str = ""
    remedy: str = ""
    paste: tuple[str, ...] = ()
    stops_deploy: bool = False

    def facts(self) -> dict[str, Any]:
        """As `--json` tells it."""
        return asdict(self) | {"verdict": str(self.verdict), "paste": list(self.paste)}

    def before_deploy(self) -> Check:
        """The same in the eyes of a deploy, which only what loses jobs may stop."""
        if self.verdict is Verdict.FAILURE and not self.stops_deploy:
            return replace(self, verdict=Verdict.WARNING)
        return self


def ok(name: str, what: str) -> Check:
    return Check(name, Verdict.OK, what)


def warning(name: str, what: str, *, why: str, remedy: str, paste: tuple[str, ...] = ()) -> Check:
    return Check(name, Verdict.WARNING, what, why, remedy, paste)


def failure(name: str, what: str, *, why: str, remedy: str, stops_deploy: bool = True) -> Check:
    return Check(name, Verdict.FAILURE, what, why, remedy, stops_deploy=stops_deploy)


def unknown(name: str, what: str, *, remedy: str) -> Check:
    """For what the server does not tell; the remedy says where a person can look."""
    return Check(name, Verdict.UNKNOWN, what, remedy=remedy)
