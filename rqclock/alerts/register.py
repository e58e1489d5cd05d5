"""The alerts that are open and the messages that are to be sent, in Redis: whoever watches, each is told once.

A message is claimed for a minute before it is sent. Should its sender die in between, another one sends it; should it
die after the sending, before it could say so, the message comes twice: its `id` is the same then.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import redis

from rqclock.acts.activity import Entry, announce
from rqclock.alerts.finding import Finding
from rqclock.alerts.notice import Alert
from rqclock.store.keys import Keys
from rqclock.store.ledger import slices
from rqclock.store.replies import text
from rqclock.store.scripts import Scripts

CLAIM = 60.0  # seconds; longer than any sending takes
LONGEST = 1800.0  # seconds; longer than any wait
REMEMBERED = 3600.0  # seconds for which a ping is known to have been sent
AT_ONCE = 250  # messages that are looked at, or dropped, in one step


@dataclass(frozen=True)
class Message:
    """A notice on its way through one channel. `after` is a message that must have gone before it.

    `first` is when it was written, `tries` how often it could not be sent.
    """

    id: str
    channel: str
    notice: Mapping[str, Any]
    first: float
    tries: int = 0
    after: str = ""

    def packed(self) -> str:
        """As it lies in Redis."""
        return json.dumps(vars(self), ensure_ascii=False)


class Register:
    """Alerts and messages of all Clocks below one prefix. `now` is Redis's time everywhere. Raises redis.RedisError."""

    def __init__(self, connection: redis.Redis, prefix: str) -> None:
        self._connection = connection
        self._prefix = prefix
        self._scripts = Scripts(connection)

    def my_turn(self, now: float, interval: float) -> bool:
        """Whether we are the one of all watchers that looks now."""
        key = f"{self._prefix}:alerts:turn"
        return bool(self._scripts.call("alert_turn", key, _ms(now), _ms(interval)))

    def open(self) -> dict[str, tuple[Alert, str]]:
        """The alerts that are open, by id, each with its raw text. What cannot be read is left out."""
        found = self._connection.hgetall(f"{self._prefix}:alerts:open")
        read = ((text(id_), _alert(text(raw)), text(raw)) for id_, raw in found.items())
        return {id_: (alert, raw) for id_, alert, raw in read if alert is not None}

    def quiet(self, findings: Iterable[Finding], now: float) -> set[str]:
        """The ids of those that were raised so lately that they are not raised again."""
        asked = list(findings)
        pipeline = self._connection.pipeline(transaction=False)
        for one in asked:
            pipeline.zscore(f"{self._prefix}:alerts:raised", one.id)
        scores = pipeline.execute() if asked else []
        return {
            one.id
            for one, score in zip(asked, scores, strict=True)
            if score is not None and 0 <= _ms(now) - score < _ms(one.kind.quiet)
        }

    def raise_(
        self, finding: Finding, notice: Mapping[str, Any], *, channels: Iterable[str], now: float, entry: Entry
    ) -> bool:
        """Open the alert and have its notice sent; False when it is open, or was not long ago."""
        alert = Alert.of(finding, now)
        root = Keys(self._prefix, finding.clock or "default").root
        head = [self._prefix, root, alert.id, _packed(alert.facts()), _ms(now), _ms(finding.kind.quiet), entry.packed()]
        answer, _place = self._scripts.call("alert_raise", *head, *_parts(notice, channels, now))
        if answer == b"raised":
            announce(entry)
        return bool(answer == b"raised")

    def end(
        self, seen: tuple[Alert, str], notice: Mapping[str, Any], *, channels: Iterable[str], now: float, entry: Entry
    ) -> bool:
        """Close the alert and have the notice of its end sent; False when another did."""
        alert, raw = seen
        root = Keys(self._prefix, alert.clock or "default").root
        first = f"{alert.id}:{int(alert.raised * 1000)}:alert"
        head = [self._prefix, root, alert.id, raw, _ms(now), entry.packed(), str(notice["event"])]
        answer, _place = self._scripts.call("alert_end", *head, *_parts(notice, channels, now, after=first))
        if answer == b"over":
            announce(entry)
        return bool(answer == b"over")

    def forget(self, clock: str) -> None:
        """Close the alerts of a Clock (its slug) that there is no more. Nobody is told."""
        gone = [id_ for id_, (alert, _) in self.open().items() if alert.clock == clock]
        if gone:
            self._connection.hdel(f"{self._prefix}:alerts:open", *gone)

    def ping(self, clock: str, messages: Sequence[Message], now: float) -> int:
        """Have these sent that were not before; how many those are."""
        if not messages:
            return 0
        root = Keys(self._prefix, clock).root
        parts = [part for message in messages for part in (message.id, message.packed())]
        head = [self._prefix, root, _ms(now), messages[0].channel, _ms(REMEMBERED)]
        return int(self._scripts.call("alert_ping", *head, *parts))

    def take(self, channel: str, now: float) -> Message | None:
        """The next message of that channel, ours for a minute."""
        found = self._scripts.call("alert_take", self._prefix, channel, _ms(now), _ms(CLAIM), _ms(LONGEST))
        return Message(**json.loads(text(found[1]))) if found else None

    def waits(self, message_id: str) -> bool:
        """Whether that message is still to be sent."""
        return bool(self._connection.hexists(f"{self._prefix}:alerts:outbox", message_id))

    def done(self, message: Message) -> None:
        """It was sent, or given up."""
        self._scripts.call("alert_settle", self._prefix, message.channel, message.id, "", 0)

    def again(self, message: Message, at: float) -> None:
        """It is to be tried again at that instant."""
        self._scripts.call("alert_settle", self._prefix, message.channel, message.id, message.packed(), _ms(at))

    def drop(self, channels: Collection[str], before: float) -> dict[str, int]:
        """Delete the messages written before that instant for channels other than these; how many we did, by channel.

        Of those who do the same at once, each counts what it has deleted itself.
        """
        found: dict[str, list[str]] = {}
        for message in self._messages():
            if message.channel not in channels and message.first < before:
                found.setdefault(message.channel, []).append(message.id)
        counts = {channel: self._delete(channel, ids) for channel, ids in found.items()}
        return {channel: count for channel, count in counts.items() if count}

    def _messages(self) -> Iterator[Message]:
        """All that are to be sent. What cannot be read is left out."""
        for _, raw in self._connection.hscan_iter(f"{self._prefix}:alerts:outbox", count=AT_ONCE):
            message = _message(text(raw))
            if message is not None:
                yield message

    def _delete(self, channel: str, ids: Sequence[str]) -> int:
        count = 0
        for part in slices(ids, AT_ONCE):
            pipeline = self._connection.pipeline(transaction=True)
            pipeline.hdel(f"{self._prefix}:alerts:outbox", *part)
            pipeline.zrem(f"{self._prefix}:alerts:due:{channel}", *part)
            count += pipeline.execute()[0]
        return count


def messages_of(notice: Mapping[str, Any], channels: Iterable[str], now: float, *, after: str = "") -> list[Message]:
    """The notice on its way through each of the channels."""
    return [
        Message(f"{channel}:{notice['id']}", channel, dict(notice), now, after=f"{channel}:{after}" if after else "")
        for channel in channels
    ]


def _parts(notice: Mapping[str, Any], channels: Iterable[str], now: float, *, after: str = "") -> list[str]:
    messages = messages_of(notice, channels, now, after=after)
    return [part for message in messages for part in (message.channel, message.id, message.packed())]


def _alert(raw: str) -> Alert | None:
    try:
        return Alert.read(json.loads(raw))
    except (KeyError, TypeError, ValueError):
        return None


def _message(raw: str) -> Message | None:
    try:
        message = Message(**json.loads(raw))
        return replace(message, channel=str(message.channel), first=float(message.first))
    except (TypeError, ValueError):
        return None


def _packed(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False)


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
