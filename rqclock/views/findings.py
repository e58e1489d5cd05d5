"""What an audit finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rqclock.store.ticks import iso

UNVERIFIABLE = "not verifiable"
MISSING = "missing"


@dataclass(frozen=True)
class Finding:
    """A difference between what was due and what was decided; or, `not verifiable`, a span that nobody can check.

    Kinds of differences: missing, extra, twice, overdue, job, cursor, unreadable, not in the index. `schedule` is a
    name, empty for all. `until` ends a span (not included); epoch seconds.
    """

    kind: str
    schedule: str
    tick: int
    text: str
    until: int | None = None

    @property
    def is_difference(self) -> bool:
        return self.kind != UNVERIFIABLE

    def facts(self) -> dict[str, Any]:
        """The finding for programs."""
        until = None if self.until is None else iso(self.until)
        return {
            "kind": self.kind,
            "schedule": self.schedule or None,
            "tick": iso(self.tick),
            "until": until,
            "text": self.text,
        }
