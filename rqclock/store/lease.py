"""The lease: the right to enqueue, with an end and an epoch.

The lease only saves work and keeps old versions quiet. That a tick is enqueued once rests on the compare-and-set of
`fire.lua`; losing the lease never matters. No expiry in Redis decides anything: a beat that stood still is judged by
the taker's own monotonic clock, because a server's clock may step.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import redis

from rqclock.store.keys import Keys
from rqclock.store.replies import text
from rqclock.store.scripts import Scripts

BEATS_IN_A_LIFE = 4
NUMBERS = ("at", "beat", "generation", "pid", "since")
MEMBER_LIVES = 3  # lives without a beat after which a member no longer counts for the generation


@dataclass(frozen=True)
class Beat:
    """What a beat brought back. `asked` and `answered` are monotonic seconds, `server` Redis's time in seconds.

    `accepted` changes when a person has said that Redis's time is right.
    """

    asked: float
    answered: float
    server: float
    lease: dict[str, str]
    members: dict[str, dict[str, Any]]
    accepted: str = ""

    @property
    def leader_at(self) -> float | None:
        """When whoever leads, or led, beat last, in Redis's time."""
        at = self.lease.get("at")
        return int(at) / 1000 if at else None


@dataclass
class Watch:
    """When something that moves was last seen to move, by our own monotonic clock."""

    seen: Any = None
    since: float = 0.0
    moved: bool = False

    def look(self, value: Any, now: float) -> None:
        """Note the value seen at `now`."""
        if value != self.seen:
            self.moved = self.seen is not None
            self.seen, self.since = value, now

    def stood_still(self, now: float) -> float:
        """Seconds without a move."""
        return now - self.since


@dataclass
class Lease:
    """One process's part in the lease. `life` is in seconds; `monotonic` is the process's clock."""

    connection: redis.Redis
    keys: Keys
    fingerprint: str
    life: float
    monotonic: Callable[[], float]
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)
    owner: str = ""
    epoch: str = ""
    generation: int = 0
    since: float = 0.0
    held: float = 0.0  # seconds by which Redis's time has jumped without our following
    accepted: str = ""  # the last word of a person on Redis's time that we had heard when we held that
    trusted_until: float = 0.0
    last: Beat | None = None

    def __post_init__(self) -> None:
        self.owner = self.owner or f"{self.host}:{self.pid}:{secrets.token_hex(4)}"
        self._scripts = Scripts(self.connection)
        self._beats = 0
        self._holder = Watch()
        self._others: dict[str, Watch] = {}

    @property
    def interval(self) -> float:
        """Seconds between two beats."""
        return self.life / BEATS_IN_A_LIFE

    @property
    def margin(self) -> float:
        """How long before its end a leader stops to trust its lease: a script under way must end in time."""
        return self.life / 8

    def join(self, server_now: float) -> None:
        """Announce this process and learn its generation; `server_now` as Redis says it. Raises redis.RedisError."""
        life = int(self.life * MEMBER_LIVES * 1000)
        self.since = server_now - self.held
        now, facts = int(server_now * 1000), json.dumps(self._facts(int(self.since * 1000)))
        arguments = (self.keys.root, self.owner, self.host, self.fingerprint, now, life, facts)
        self.generation = int(self._scripts.call("join", *arguments))

    def beat(self, server_now: float) -> Beat:
        """Say that we live, and see who else does. Raises redis.RedisError."""
        asked = self.monotonic()
        now = int(server_now * 1000)
        self._beats += 1
        facts = self._facts(now) | {"generation": self.generation}
        shown = (now, json.dumps(facts), facts["held"], facts["life"], self.accepted)
        answer = self._scripts.call("beat", self.keys.root, self.owner, self.epoch, *shown)
        self.last = _read(answer, asked, self.monotonic())
        self._judge(self.last)
        return self.last

    def _judge(self, beat: Beat) -> None:
        lease = beat.lease
        self._holder.look((lease.get("owner"), lease.get("epoch"), lease.get("beat")), beat.answered)
        self._others = {owner: self._others.get(owner, Watch()) for owner in beat.members}
        for owner, member in beat.members.items():
            self._others[owner].look(member["beat"], beat.answered)
        if self.epoch and (lease.get("owner"), lease.get("epoch")) == (self.owner, self.epoch):
            self.trusted_until = beat.asked + self.life - self.margin
        else:
            self.epoch = ""

    @property
    def leading(self) -> bool:
        """Whether we hold the lease and may trust it at this moment."""
        return bool(self.epoch) and self.monotonic() < self.trusted_until

    def doubt(self) -> None:
        """Trust nothing until the next beat: it tells whether the lease is still ours."""
        self.trusted_until = 0.0

    @property
    def may_lead(self) -> bool:
        """Whether no live clock has a newer timetable."""
        return self.generation >= self.newest

    @property
    def must_yield(self) -> bool:
        """Whether a leader hands over: to a newer timetable whose clock was seen to live, not only to come.

        A new version that dies at once, again and again, must not cost the time in which it is waited for.
        """
        moving = [member for owner, member in self._live() if self._others[owner].moved]
        return any(int(member["generation"]) > self.generation for member in moving)

    @property
    def newest(self) -> int:
        """The highest generation among the members whose beat moves."""
        return max([self.generation, *(int(member["generation"]) for _, member in self._live())])

    def _live(self) -> list[tuple[str, dict[str, Any]]]:
        if self.last is None:
            return []
        now, limit = self.monotonic(), self.life * MEMBER_LIVES
        # A member seen once may have been dead for hours: only a second, different beat shows that it lives. Until
        # then it counts as live, so that a clock that has just come does not lead before it has watched.
        return [(owner, m) for owner, m in self.last.members.items() if self._others[owner].stood_still(now) <= limit]

    @property
    def takeable_at(self) -> float | None:
        """The monotonic instant from which the lease may be taken; None while a newer timetable is live."""
        if self.last is None or not self.may_lead:
            return None
        return 0.0 if not self.last.lease.get("owner") else self._holder.since + self.life

    def acquire(self, server_now: float) -> bool:
        """Take the lease, if it is still as we saw it. Raises redis.RedisError."""
        assert self.last is not None
        asked = self.monotonic()
        seen = [self.last.lease.get(name, "") for name in ("owner", "epoch", "beat")]
        now = int(server_now * 1000)
        facts = {name: value for name, value in self._facts(now).items() if name not in ("fingerprint", "beat")}
        facts |= {"since": now, "generation": self.generation, "accepted": self.accepted}
        shown = [part for pair in facts.items() for part in pair]
        epoch = int(self._scripts.call("acquire", self.keys.root, self.owner, *seen, *shown))
        if epoch:
            self.epoch, self.trusted_until = str(epoch), asked + self.life - self.margin
        return bool(epoch)

    def give_up(self) -> None:
        """Hand the lease to whoever waits, and stay a member. Raises redis.RedisError."""
        self._release(leave=False)

    def leave(self) -> None:
        """Hand over and be gone. Raises redis.RedisError."""
        self._release(leave=True)

    def _release(self, *, leave: bool) -> None:
        epoch, self.epoch = self.epoch, ""
        held = math.ceil(self.held * 1000)
        self._scripts.call("release", self.keys.root, self.owner, epoch, int(leave), held, self.accepted)

    def _facts(self, now: int) -> dict[str, Any]:
        return {
            "host": self.host,
            "pid": self.pid,
            "fingerprint": self.fingerprint,
            "since": int(self.since * 1000) or now,
            "beat": self._beats,
            "at": now,
            "held": math.ceil(self.held * 1000),
            "life": int(self.life * 1000),
        }


def _read(answer: Any, asked: float, answered: float) -> Beat:
    (seconds, micros), lease, members, accepted = answer
    return Beat(
        asked,
        answered,
        int(seconds) + int(micros) / 1e6,
        {text(name): text(value) for name, value in _pairs(lease)},
        {text(owner): facts for owner, member in _pairs(members) if (facts := read_member(member))},
        text(accepted),
    )


def read_member(told: bytes) -> dict[str, Any]:
    """What a process says of itself; nothing where none of us has written it: that must end nobody who reads it."""
    try:
        facts = json.loads(told)
    except (ValueError, RecursionError):
        return {}
    is_ours = isinstance(facts, dict) and all(isinstance(facts.get(name), int) for name in NUMBERS)
    return facts if is_ours and "host" in facts else {}


def _pairs(flat: list[bytes]) -> list[tuple[bytes, bytes]]:
    return list(zip(flat[::2], flat[1::2], strict=True))
