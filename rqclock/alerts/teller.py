"""Raising what a look found wrong, and ending what it found well again: few as they are, many as one notice."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from rqclock.acts.activity import By, Entry
from rqclock.alerts.finding import Finding
from rqclock.alerts.kinds import OF_SCHEDULES
from rqclock.alerts.look import Judged
from rqclock.alerts.notice import Alert, Sender
from rqclock.alerts.pings import CHANNEL
from rqclock.alerts.register import REMEMBERED, Message, Register
from rqclock.store.ledger import slices

RAISED, ENDED = "alert", "alert over"
WHO = "rqclock"
FEW = 5  # alerts of one kind in one look that are told one by one; without workers there may be hundreds at once
PINGS_AT_ONCE = 250
T = TypeVar("T")


@dataclass(frozen=True)
class End:
    """An alert, its raw text, and what is well again; None: nobody looks after it any more."""

    alert: Alert
    raw: str
    text: str | None


class Teller:
    """Tells through these channels (by name), in the name of `sender`."""

    def __init__(self, register: Register, sender: Sender, channels: Sequence[str]) -> None:
        self._register = register
        self._sender = sender
        self._channels = [name for name in channels if name != CHANNEL]
        self._pinged: dict[str, float] = {}  # what Redis need not be asked about again, and since when
        self._by = By(WHO, where=f"watching on {socket.gethostname()} ({os.getpid()})")

    def tell(self, judged: Judged, now: float) -> int:
        """Raise and end what there is; how many alerts and pings are new. Raises redis.RedisError."""
        open_ = self._register.open()
        new = [_dated(finding, now) for finding in judged.findings if finding.bad and finding.id not in open_]
        quiet = self._register.quiet(new, now)  # else each look would send the names of all to Redis for each of them
        raised = [finding for finding in new if finding.id not in quiet]
        ended = list(_ends(open_, judged))
        told = sum(self._raise(part, now) for part in bundles(raised, lambda one: (one.kind.slug, one.clock)))
        told += sum(self._end(part, now) for part in bundles(ended, _bundle_of))
        return told + sum(self._ping(clock, messages, now) for clock, messages in judged.pings.items())

    def _raise(self, findings: Sequence[Finding], now: float) -> int:
        """The first one that is new carries the notice for all: should we die meanwhile, others raise the rest."""
        told = 0
        for finding in findings:
            notice = self._sender.alert(Alert.of(finding, now), others=_others(finding, findings))
            entry = self._entry(RAISED, finding.kind.slug, finding.text, finding.name)
            channels = [] if told else self._channels
            told += self._register.raise_(finding, notice, channels=channels, now=now, entry=entry)
        return told

    def _end(self, ends: Sequence[End], now: float) -> int:
        told = 0
        alerts = [end.alert for end in ends]
        for end in ends:
            notice = self._sender.end(end.alert, end.text, now, others=_others(end.alert, alerts))
            entry = self._entry(ENDED, end.alert.kind, str(notice["title"]), end.alert.name)
            channels = [] if told else self._channels
            told += self._register.end((end.alert, end.raw), notice, channels=channels, now=now, entry=entry)
        return told

    def _entry(self, what: str, kind: str, text: str, name: str) -> Entry:
        schedule = name if kind in {one.slug for one in OF_SCHEDULES} else ""
        return Entry.of(what, By(self._by.who, text, self._by.where), schedule=schedule, detail={"alert": kind})

    def _ping(self, clock: str, messages: Sequence[Message], now: float) -> int:
        fresh = [message for message in messages if message.id not in self._pinged]
        new = sum(self._register.ping(clock, part, now) for part in slices(fresh, PINGS_AT_ONCE))
        self._pinged = {id_: at for id_, at in self._pinged.items() if abs(now - at) < REMEMBERED}
        self._pinged |= {message.id: now for message in fresh}
        return new


def _dated(finding: Finding, now: float) -> Finding:
    """Since now, where nobody knows since when: a Clock that no process ever led."""
    return finding if finding.since else replace(finding, since=now)


def bundles(items: Iterable[T], key: Callable[[T], Hashable]) -> Iterator[list[T]]:
    """The items that are told together: those of one key if they are many, else each alone.

    >>> list(bundles(["a1", "b1", "a2"], lambda item: item[0]))
    [['a1'], ['a2'], ['b1']]
    """
    groups: dict[Hashable, list[T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    for group in groups.values():
        yield from [group] if len(group) > FEW else [[item] for item in group]


def _ends(open_: dict[str, tuple[Alert, str]], judged: Judged) -> Iterator[End]:
    found = {finding.id: finding for finding in judged.findings}
    for id_, (alert, raw) in open_.items():
        finding = found.get(id_)
        gone = alert.clock and judged.clocks is not None and alert.clock not in judged.clocks
        if gone or (finding is None and (alert.kind, alert.clock) in judged.scopes):
            yield End(alert, raw, None)
        elif finding is not None and finding.bad is False and finding.at >= alert.at:
            yield End(alert, raw, finding.text)


def _bundle_of(end: End) -> Any:
    return end.alert.kind, end.alert.clock, end.text is None


def _others(one: Finding | Alert, all_: Sequence[Finding] | Sequence[Alert]) -> list[str]:
    return [other.name for other in all_ if other is not one]
