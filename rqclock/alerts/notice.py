"""A notice: what people are told of an alert, of its end, or as a test, in one text and in fields for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote

from rqclock.alerts import wording
from rqclock.alerts.finding import Finding
from rqclock.alerts.kinds import JOBS_FAILED, KINDS, OF_SCHEDULES
from rqclock.settings import Settings
from rqclock.store.ticks import iso

ALERT, BACK, OVER, TEST = "alert", "back", "over", "test"


@dataclass(frozen=True)
class Alert:
    """An alert that is open; `raised` is when it was told, the other fields are those of its finding."""

    id: str
    kind: str
    clock: str
    subject: str
    name: str
    at: float
    since: float
    raised: float
    text: str

    @classmethod
    def of(cls, finding: Finding, now: float) -> Alert:
        """The alert of a finding that is told at `now` (epoch seconds)."""
        told = {name: getattr(finding, name) for name in ("id", "clock", "subject", "name", "at", "since", "text")}
        return cls(kind=finding.kind.slug, raised=now, **told)

    @classmethod
    def read(cls, values: dict[str, Any]) -> Alert:
        """The alert that an earlier or later version of us wrote. Raises KeyError, TypeError."""
        return cls(**{name: values[name] for name in cls.__dataclass_fields__})

    def facts(self) -> dict[str, Any]:
        """As it lies in Redis."""
        return asdict(self)


@dataclass(frozen=True)
class Sender:
    """In whose name notices come, and where their links lead."""

    service: str = ""
    environment: str = ""
    public_url: str = ""

    @classmethod
    def of(cls, settings: Settings) -> Sender:
        return cls(settings.service, settings.environment, settings.public_url.rstrip("/"))

    def link(self, alert: Alert) -> str:
        """The page of the console that shows more, "" when nobody has said where the console is."""
        if not self.public_url:
            return ""
        if KINDS.get(alert.kind) in OF_SCHEDULES:
            return f"{self.public_url}/schedules/{quote(alert.clock, safe='')}/{quote(alert.name)}"
        return self.public_url + ("/jobs?state=failed" if alert.kind == JOBS_FAILED.slug else "/")

    def alert(self, alert: Alert, *, others: Sequence[str] = ()) -> dict[str, Any]:
        """The notice that something is wrong; `others` are the names of those that are wrong in the same way."""
        kind = KINDS[alert.kind]
        link = self.link(alert)
        parts = [f"{self._named()}{alert.text}.", wording.likewise(others), f"To do: {kind.to_do}", link]
        return self._fields(alert, ALERT, alert.raised) | {
            "title": alert.text.partition(": ")[0] + (f", and {len(others)} more" if others else ""),
            "text": wording.calm(" ".join(part for part in parts if part)),
            "to_do": kind.to_do,
            "url": link or None,
            "others": list(others),
        }

    def end(self, alert: Alert, text: str | None, now: float, *, others: Sequence[str] = ()) -> dict[str, Any]:
        """The notice that it is well again; with no text that nobody looks after it any more: its schedule has left
        the timetable, or promises nothing."""
        gone = f"no longer watched: {alert.name} is gone, or nothing is promised of it any more"
        title = gone if text is None else wording.back(text, now - alert.since)
        link = self.link(alert)
        said = " ".join(part for part in (f"{self._named()}{title}.", wording.likewise(others), link) if part)
        return self._fields(alert, OVER if text is None else BACK, now) | {
            "title": title + (f", and {len(others)} more" if others else ""),
            "text": wording.calm(said),
            "to_do": None,
            "url": link or None,
            "others": list(others),
            "after_seconds": max(0, round(now - alert.since)),
        }

    def test(self, now: float, where: str) -> dict[str, Any]:
        """A notice to see whether it arrives."""
        alert = Alert(f"test::{int(now)}", "test", "", "", "a test", now, now, now, f"a test from {where}")
        return self.alert(alert) | {"event": TEST}

    def _named(self) -> str:
        names = " ".join(part for part in (self.service, self.environment) if part)
        return f"[{names}] " if names else ""

    def _fields(self, alert: Alert, event: str, now: float) -> dict[str, Any]:
        of_schedule = KINDS.get(alert.kind) in OF_SCHEDULES
        return {
            "id": f"{alert.id}:{int(alert.raised * 1000)}:{event}",
            "event": event,
            "kind": alert.kind,
            "clock": alert.clock or None,
            "schedule": alert.name if of_schedule else None,
            "due": iso(alert.at) if of_schedule else None,
            "since": iso(alert.since),
            "at": iso(now),
            "service": self.service or None,
            "environment": self.environment or None,
        }
