"""The ledger: what was decided on each tick. Writes go through the Lua scripts, fenced by the lease."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TypeVar

import redis

from rqclock.errors import RqclockError
from rqclock.store import publication
from rqclock.store.keys import Keys
from rqclock.store.lease import Lease
from rqclock.store.names import Names
from rqclock.store.replies import json_object, number, text, texts
from rqclock.store.scripts import Scripts
from rqclock.store.totals import LATENESS
from rqclock.timetable.schedules import Schedule, Timetable

SLICE = 1000  # schedules that are read at once
BATCH = 250
BOUNDS = json.dumps(LATENESS)
ANOTHERS = 2  # what a renaming answers when there was another schedule of that name
T = TypeVar("T")

log = logging.getLogger("rqclock.clock")


class Fenced(RqclockError):
    """Another clock holds the lease: what we sent was not written."""


class NotPublished(RqclockError):
    """The timetable in Redis is not ours: publish it, then send again."""


class StateLost(RqclockError):
    """Redis no longer has decisions that it had acknowledged: read the cursors anew."""


class WrongType(RqclockError):
    """One of our keys holds something else: a person must repair or delete it."""


@dataclass(frozen=True)
class Entry:
    """One tick on its way to a decision. `row` are further members of its ledger row; `decision` None means enqueue."""

    schedule: Schedule
    tick: int
    cursor: int
    decision: str | None = None
    row: dict[str, Any] | None = None


@dataclass(frozen=True)
class Verdict:
    """What became of an entry: a decision; or `decided` (the cursor was elsewhere) or `stuck` (nothing written)."""

    decision: str
    detail: str


ENQUEUED = Verdict("enqueued", "")


class Ledger:
    """The ledger of one Clock, written by the holder of `lease`."""

    def __init__(self, connection: redis.Redis, keys: Keys, lease: Lease) -> None:
        self._connection = connection
        self._keys = keys
        self._lease = lease
        self._scripts = Scripts(connection)
        self.pause: Callable[[], None] = lambda: None  # called after each read: on a slow network some outlast a lease

    def fire(self, entries: Sequence[Entry], fingerprint: str, now: float) -> list[Verdict]:
        """Decide at most 250 entries in one step; `now` is Redis's time.

        Raises Fenced, NotPublished or WrongType (nothing was written), redis.OutOfMemoryError (likewise),
        redis.ConnectionError (unknown: read the cursors anew).
        """
        ticks = json.dumps([_fields(self._keys, entry) for entry in entries], ensure_ascii=False)
        head = [self._keys.root, self._keys.prefix, self._lease.owner, self._lease.epoch, fingerprint]
        answer = self._scripts.call("fire", *head, int(now * 1000), rq_stamp(now), ticks, BOUNDS)
        said = [text(part) for part in answer]
        if said[0] != "ok":
            raise _refusal(said[0], said[1])
        if said[1] == "all enqueued":
            return [ENQUEUED] * len(entries)
        return [Verdict(*pair) for pair in zip(said[2::2], said[3::2], strict=True)]

    def cursors(self, schedules: Sequence[Schedule]) -> list[int | None]:
        """The last decided tick of each schedule. Raises redis.RedisError."""
        return self._cursors([schedule.slug for schedule in schedules])

    def last_decided(self, schedules: Sequence[Schedule]) -> list[int | None]:
        """The same, whatever the schedules are called in Redis: a newer timetable may have renamed them."""
        found = self.cursors(schedules)
        if None not in found:
            return found
        names = Names.read(self._connection, self._keys)
        self.pause()
        return self._cursors([names.today(schedule.slug) for schedule in schedules])

    def _cursors(self, slugs: Sequence[str]) -> list[int | None]:
        found: list[int | None] = []
        for part in slices(slugs, SLICE):
            values = self._connection.hmget(self._keys.named("cursors"), part)
            pairs = zip(part, values, strict=True)
            found += [number(value, where=f"the cursor of {slug}") for slug, value in pairs]
            self.pause()
        return found

    def published(self) -> str | None:
        """The fingerprint of the timetable in force, None before the first. Raises redis.RedisError."""
        value = self._connection.hget(self._keys.named("timetable"), "fingerprint")
        self.pause()
        return None if value is None else text(value)

    def in_force(self) -> tuple[str, int]:
        """Fingerprint and number of the timetable in force; "" and 0 before the first. Raises redis.RedisError."""
        fingerprint, generation = self._connection.hmget(self._keys.named("timetable"), "fingerprint", "generation")
        self.pause()
        return text(fingerprint or b""), number(generation, where="the generation of the timetable") or 0

    def definitions(self) -> dict[str, dict[str, Any]]:
        """The definitions in force by slug. Raises redis.RedisError."""
        found: dict[str, dict[str, Any]] = {}
        for n, (slug, value) in enumerate(self._connection.hscan_iter(self._keys.named("definitions"), count=SLICE)):
            if n % SLICE == 0:
                self.pause()
            found[text(slug)] = json_object(value, where=f"the definition of {text(slug)}") or {}
        return found

    def origins(self, timetable: Timetable) -> dict[str, str]:
        """The schedules that Redis knows under another name, see `Names.origins`. Raises redis.RedisError."""
        pipeline = self._connection.pipeline(transaction=False)
        pipeline.hkeys(self._keys.named("definitions"))
        pipeline.hkeys(self._keys.named("retired"))
        pipeline.hgetall(self._keys.named("renamed"))
        in_force, retired, renamed = pipeline.execute()
        self.pause()
        known = {"in_force": set(map(text, in_force)), "retired": set(map(text, retired))}
        return Names(texts(renamed)).origins(timetable.schedules, **known)

    def rename(self, timetable: Timetable) -> None:
        """Carry over what is known of schedules that the timetable has under another name. Raises Fenced."""
        origins = self.origins(timetable)
        before = self.definitions() if origins else {}
        names = {schedule.slug: schedule.name for schedule in timetable.schedules}
        for slug, old in origins.items():
            known = json.dumps(before[old] | {"slug": slug, "name": names[slug]}) if old in before else ""
            head = [self._keys.root, self._lease.owner, self._lease.epoch]
            answer = self._scripts.call("rename", *head, old, slug, known)
            self._check(answer)
            self.pause()
            if answer == ANOTHERS:
                log.warning("%s does not go on from %s: another schedule of its name has left a history", slug, old)

    def publish(self, timetable: Timetable, now: int, *, remembered: Mapping[str, int] | None = None) -> Iterator[None]:
        """Put the timetable in force in slices; between two of them the caller may beat. Raises Fenced.

        A schedule that Redis knows nothing of begins now, or where it was `remembered` to be (by slug). One that comes
        back starts from its return, whatever is remembered of it: the script sees to that.
        """
        # From now on, and not only at the end: whoever watches must hear of it should it never come to an end.
        self._connection.sadd(self._keys.clocks, timetable.name)
        self.pause()
        before = self.definitions()
        known = remembered or {}
        for part in slices(timetable.schedules, 100):
            told = [publication.of(schedule, before.get(schedule.slug), known, now) for schedule in part]
            parts = [piece for one in told for piece in one]
            self._check(self._scripts.call("publish", *self._head(now), len(part), *parts))
            yield
        retired = sorted(set(before) - {schedule.slug for schedule in timetable.schedules})
        facts = {
            "generation": self._lease.generation,
            "fingerprint": timetable.fingerprint,
            "timezone": timetable.timezone,
            "at": now,
            "name": timetable.name,  # last: the script adds it to the set of Clocks, if it was forgotten meanwhile
        }
        shown = [piece for pair in facts.items() for piece in pair]
        self._check(self._scripts.call("enforce", *self._head(now), self._keys.prefix, len(retired), *retired, *shown))

    def _head(self, now: int) -> list[Any]:
        return [self._keys.root, self._lease.owner, self._lease.epoch, now]

    def _check(self, written: int) -> None:
        if not written:
            raise Fenced("another clock took the lead")


def _fields(keys: Keys, entry: Entry) -> list[str]:
    schedule, options = entry.schedule, entry.schedule.target.options
    return [
        schedule.slug,
        str(entry.tick),
        entry.decision or "enqueue",
        str(entry.cursor),
        keys.job_id(schedule.slug, entry.tick),
        options.queue,
        str(options.ttl or ""),
        "skip" if schedule.policies.overlap == "skip" else "",
        _members(entry.row),
    ]


def _members(row: dict[str, Any] | None) -> str:
    return "," + json.dumps(row, separators=(",", ":"), ensure_ascii=False)[1:-1] if row else ""


def _refusal(word: str, detail: str) -> RqclockError:
    if word == "wrong type":
        return WrongType(f"the Redis key {detail} is not of the type that rqclock wrote: rename or delete it")
    return NotPublished(detail) if word == "not published" else Fenced(f"another clock took the lead: {detail}")


def rq_stamp(now: float) -> str:
    """An instant as RQ writes it in a job's hash."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def slices(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most `size`."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part
