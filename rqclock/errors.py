"""Every error that rqclock raises on purpose. The text of each is one line for people: what, where, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


class RqclockError(Exception):
    """Base of all of them; `str(error)` is the line to show."""


class ConfigurationError(RqclockError):
    """A setting, a clock file or a command line that cannot be used as it stands."""


class TriggerError(ConfigurationError):
    """A time, period, zone or cron expression that cannot be read, or that never comes."""


class RedisUnavailable(RqclockError):
    """Redis did not answer, or refused us."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a clock file, at the line of the person's own code."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class TimetableError(ConfigurationError):
    """All problems of a clock file together, so that they are mended in one go."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean "month"?` for a near miss, in whatever case it was written; else nothing.

    >>> did_you_mean("MOUNTH", ["month", "minute"])
    '; did you mean "month"?'
    """
    names = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.casefold(), names, n=1, cutoff=0.6)
    return f'; did you mean "{names[near[0]]}"?' if near else ""
