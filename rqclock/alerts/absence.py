"""Whether any clock has ever led here: one that never did has left no beat that could be seen to stand still."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import redis

from rqclock.alerts import wording
from rqclock.alerts.finding import Finding
from rqclock.alerts.kinds import CLOCK_SILENT
from rqclock.store.keys import Keys

# Nobody knows the name of a Clock that never came, so this alert has none: its id is no Clock's.
ABSENT = Finding(CLOCK_SILENT, None, name="the clock")


@dataclass(frozen=True)
class Place:
    """What lies below a prefix: the names of its Clocks, whether a person has given the last of them up, and whether
    jobs are queued or run there."""

    clocks: Collection[str] = ()
    given_up: bool = False
    used: bool = False


def read_place(connection: redis.Redis, prefix: str, names: Collection[str]) -> Place:
    """The place with Clocks of these names. Raises redis.RedisError."""
    if names:
        return Place(names)
    pipeline = connection.pipeline(transaction=False)
    pipeline.exists(Keys(prefix, "").forgotten)
    pipeline.exists(f"{prefix}:workers", f"{prefix}:queues")
    given_up, used = pipeline.execute()
    return Place((), bool(given_up), bool(used))


class Absence:
    """Follows one place. `after` is how many seconds without any Clock are too many.

    `expected`: a clock is wanted there for certain. Otherwise that must show, by a worker or a queue below the prefix
    or by a Clock that we saw: a web process may run alone, and be meant to.
    """

    def __init__(self, prefix: str, after: float, *, expected: bool) -> None:
        self._prefix = prefix
        self._after = after
        self._expected = expected
        self._since: float | None = None

    def look(self, place: Place, monotonic: float) -> Finding | None:
        """What there is to say, having read that at that monotonic instant; None: no clock has to come any more."""
        if place.clocks:
            self._expected = True  # also after Redis has come back empty
            self.forget()
            return replace(ABSENT, bad=False, text=wording.came(sorted(place.clocks)))
        if place.given_up:
            return None
        if not (self._expected or place.used):
            self.forget()
            return ABSENT
        self._since = monotonic if self._since is None else self._since
        if monotonic - self._since < self._after:
            return ABSENT
        return replace(ABSENT, bad=True, text=wording.never_led(self._prefix))

    def forget(self) -> None:
        """What was seen before counts no more."""
        self._since = None
