"""Whether a Clock is led, by our own monotonic clock: no expiry in Redis and no other machine's time decides it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import redis

from rqclock.alerts import wording
from rqclock.alerts.finding import Finding
from rqclock.alerts.kinds import CLOCK_SILENT
from rqclock.store.keys import Keys
from rqclock.store.presence import held_by
from rqclock.store.replies import text

FIELDS = ("owner", "epoch", "beat", "at", "host", "held")


@dataclass(frozen=True)
class Beat:
    """What the lease says. `name` and `timezone` are the Clock's, `at` is the last beat in the leader's time.

    `held` is how many seconds Redis's time is ahead of that, since it has jumped.
    """

    name: str
    timezone: str
    owner: str = ""
    epoch: str = ""
    number: str = ""
    at: float | None = None
    host: str = ""
    held: float = 0.0


def read_beat(connection: redis.Redis, keys: Keys) -> Beat | None:
    """The lease of a Clock; None where there is no schedule that could be due. Raises redis.RedisError."""
    pipeline = connection.pipeline(transaction=False)
    pipeline.hmget(keys.named("lease"), FIELDS)
    pipeline.hmget(keys.named("timetable"), "name", "timezone")
    pipeline.hlen(keys.named("definitions"))
    lease, named, schedules = pipeline.execute()
    if not schedules:
        return None
    owner, epoch, number, at, host, held = _texts(lease)
    name, timezone = _texts(named)
    last = int(at) / 1000 if at else None
    return Beat(name or keys.clock, timezone or "UTC", owner, epoch, number, last, host, held_by({"held": held or 0}))


class Silence:
    """Follows the beats of one Clock. `after` is how many seconds without one are silence."""

    def __init__(self, clock: str, after: float) -> None:
        self._clock = clock
        self._after = after
        self._seen: tuple[str, str, str] | None = None
        self._since = 0.0
        self._moved = False

    def look(self, beat: Beat, monotonic: float) -> Finding:
        """What there is to say, having read that beat at that monotonic instant."""
        mark = (beat.owner, beat.epoch, beat.number)
        if mark != self._seen:
            self._moved = self._seen is not None
            self._seen, self._since = mark, monotonic
        still = monotonic - self._since
        finding = Finding(CLOCK_SILENT, None, self._clock, name=beat.name, since=beat.at or 0.0)
        if still >= self._after:
            return _silent(finding, beat)
        led = self._moved and beat.owner
        return _led(finding, beat) if led else finding

    def forget(self) -> None:
        """We have not looked for a while: that nothing was seen to move says nothing."""
        self._seen = None


def _silent(finding: Finding, beat: Beat) -> Finding:
    said = wording.silent(beat.name, beat.at, beat.timezone, handed_over=not beat.owner)
    return replace(finding, bad=True, text=said)


def _led(finding: Finding, beat: Beat) -> Finding:
    return replace(finding, bad=False, text=f"the clock on {beat.host} leads {beat.name!r}")


def _texts(values: list[Any]) -> list[str]:
    return ["" if value is None else text(value) for value in values]
