"""RQ's and rq-scheduler's own locks, held by the leader so that their daemons beside it do not do its work twice."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterable

import redis

from rqclock.store.keys import Keys
from rqclock.store.lease import Watch
from rqclock.store.replies import text
from rqclock.store.scripts import Scripts

LIFE = 60  # seconds that a lock outlives its last renewal
PATIENCE = 30.0  # seconds without a renewal after which a stranger counts as dead; RQ's scheduler renews every second


class Locks:
    """The locks of one leader. A live stranger keeps his: whoever holds a lock does the work that goes with it."""

    def __init__(
        self,
        connection: redis.Redis,
        keys: Keys,
        *,
        patience: float = PATIENCE,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._scripts = Scripts(connection)
        self._ours = f"rqclock:{keys.clock}:"
        self._token = self._ours + secrets.token_hex(8)
        self._patience = patience
        self._monotonic = monotonic
        self._held: frozenset[str] = frozenset()
        self._until = 0.0
        self._strangers: dict[str, Watch] = {}
        self._ends: dict[str, float] = {}
        self._turn = threading.Lock()

    def hold(self, names: Iterable[str]) -> None:
        """Take or renew these locks, as far as they can be had. Raises redis.RedisError."""
        with self._turn:
            asked = self._monotonic()
            wanted = list(dict.fromkeys(names))
            held = self._ask(wanted)
            dead = [name for name in wanted if name not in held and self._is_dead(name, asked)]
            held |= self._ask(dead, by_force=True)
            self._held, self._until = frozenset(held), asked + LIFE / 2

    def holds(self, name: str) -> bool:
        """Whether the lock is ours, by our own monotonic clock."""
        return name in self._held and self._monotonic() < self._until

    def take(self, name: str) -> bool:
        """Take one more lock for a moment, if it can be had. Raises redis.RedisError."""
        with self._turn:
            asked = self._monotonic()
            return bool(self._ask([name]) or (self._is_dead(name, asked) and self._ask([name], by_force=True)))

    def give(self, name: str) -> None:
        """Give a taken lock back. Raises redis.RedisError."""
        self._scripts.call("let_go", self._token, name)

    def release(self) -> None:
        """Give up all that is held. Raises redis.RedisError."""
        with self._turn:
            given, self._held = self._held, frozenset()
            if given:
                self._scripts.call("let_go", self._token, *sorted(given))

    def _ask(self, names: list[str], *, by_force: bool = False) -> set[str]:
        """Those of the locks that we now hold; of the others it is noted who has them."""
        if not names:
            return set()
        answer = self._scripts.call("hold", self._token, self._ours, LIFE, "1" if by_force else "", *names)
        held = set()
        for name, holder, left in zip(names, answer[::2], answer[1::2], strict=True):
            if text(holder) == self._token:
                held.add(name)
                self._strangers.pop(name, None)
            else:
                self._look(name, text(holder), int(left) / 1000)
        return held

    def _look(self, name: str, holder: str, left: float) -> None:
        """Note a stranger's lock. He has renewed it when its end, by our own clock, has moved."""
        now = self._monotonic()
        end = now + left
        if abs(end - self._ends.get(name, -1e9)) < 1.0:  # less than a renewal, more than the way there and back
            end = self._ends[name]
        self._ends[name] = end
        self._strangers.setdefault(name, Watch()).look((holder, end), now)

    def _is_dead(self, name: str, now: float) -> bool:
        watch = self._strangers.get(name)
        return watch is not None and watch.stood_still(now) >= self._patience
