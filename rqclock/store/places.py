"""Where RQ keeps jobs, read in pieces. Nothing here is atomic: what is found is a suspicion, the script judges anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import redis

from rqclock.store.keys import Keys
from rqclock.store.ledger import slices
from rqclock.store.replies import text
from rqclock.store.rq_records import instant
from rqclock.store.scripts import Scripts

CHUNK = 500
LIST_CHUNK = 5000
FACTS = ("status", "enqueued_at", "started_at", "origin", "timeout", "worker_name", "schedule")
GONE, FOR_EVER = -2, -1  # what PTTL answers


@dataclass(frozen=True)
class Job:
    """What a job's hash says of its place. `enqueued_at` and `started_at` are RQ's texts, "" where there is none."""

    id: str
    status: str
    enqueued_at: str
    started_at: str
    queue: str
    timeout: int
    worker: str
    schedule: str

    def overran(self, now: float) -> bool:
        """Whether it should have ended by its timeout."""
        began = instant(self.started_at)
        return self.timeout > 0 and began is not None and now > began + self.timeout


class Places:
    """RQ's structures of one Redis."""

    def __init__(self, connection: redis.Redis, keys: Keys) -> None:
        self._connection = connection
        self._keys = keys
        self._prefix = keys.prefix
        self._scripts = Scripts(connection)

    def queues(self) -> list[str]:
        """The names of all queues that RQ knows. Raises redis.RedisError, as all here."""
        head = f"{self._prefix}:queue:"
        return sorted(text(key).removeprefix(head) for key in self._connection.smembers(f"{self._prefix}:queues"))

    def jobs(self, job_ids: Iterable[str]) -> dict[str, Job]:
        """What these jobs' hashes say; those without one are left out."""
        found: dict[str, Job] = {}
        for ids in slices(dict.fromkeys(job_ids), CHUNK):
            pipeline = self._connection.pipeline(transaction=False)
            for job_id in ids:
                pipeline.hmget(self._keys.job(job_id), FACTS)
            for job_id, values in zip(ids, pipeline.execute(raise_on_error=False), strict=True):
                if isinstance(values, list) and values[0]:
                    found[job_id] = _job(job_id, values)
        return found

    def states(self, job_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Status and queue of these jobs; those that are none are left out. A tenth of the work of `jobs`."""
        found: dict[str, tuple[str, str]] = {}
        for ids in slices(dict.fromkeys(job_ids), CHUNK):
            answer = [text(part) for part in self._scripts.call("states", self._prefix, *ids)]
            pairs = zip(ids, answer[::2], answer[1::2], strict=True)
            found |= {job_id: (status, queue) for job_id, status, queue in pairs if status}
        return found

    def waiting(self, queue: str) -> set[str]:
        """The ids in a queue."""
        return set(self._list(f"{self._prefix}:queue:{queue}"))

    def taken(self, queue: str) -> list[str]:
        """The ids that workers have popped and not begun."""
        return list(self._list(f"{self._prefix}:queue:{queue}:intermediate"))

    def planned(self, queue: str) -> set[str]:
        """The ids that wait for their time in RQ's registry."""
        return set(self._zset(f"{self._prefix}:scheduled:{queue}"))

    def planned_by_rq_scheduler(self) -> set[str]:
        """The ids in rq-scheduler's set."""
        return set(self._zset(f"{self._prefix}:scheduler:scheduled_jobs"))

    def executions(self, queue: str) -> list[str]:
        """The entries JOB:EXECUTION of the jobs that workers have under way."""
        return list(self._zset(f"{self._prefix}:wip:{queue}"))

    def time_left(self, keys: list[str]) -> list[int]:
        """Milliseconds that the server leaves to these keys, GONE or FOR_EVER."""
        found: list[int] = []
        for part in slices(keys, CHUNK):
            pipeline = self._connection.pipeline(transaction=False)
            for key in part:
                pipeline.pttl(key)
            found += [int(left) for left in pipeline.execute()]
        return found

    def failed(self, queue: str, newest: int | None) -> Iterator[tuple[str, float]]:
        """The ids of failed jobs with their scores, those first that will be kept longest."""
        key = f"{self._prefix}:failed:{queue}"
        start = 0
        while newest is None or start < newest:
            last = start + 999 if newest is None else min(start + 999, newest - 1)
            try:
                found: Any = self._connection.zrevrange(key, start, last, withscores=True)
            except redis.ResponseError:  # another type: others report that
                return
            yield from ((text(job_id), score) for job_id, score in found)
            if len(found) < 1000:
                return
            start += 1000

    def open(self) -> list[str]:
        """The ids of this Clock's jobs whose end is not recorded."""
        return list(self._zset(self._keys.named("open")))

    def size(self) -> int:
        """How many keys there are."""
        return int(self._connection.dbsize())

    def scan(self, cursor: int) -> tuple[int, list[str]]:
        """A piece of all keys: the next cursor, and the ids of the jobs among them."""
        head = f"{self._prefix}:job:"
        after, found = self._connection.scan(cursor, match=_escaped(head) + "*", count=1000)
        ids = (text(key).removeprefix(head) for key in found)
        return int(after), [one for one in ids if not one.endswith((":dependents", ":dependencies"))]

    def _list(self, key: str) -> Iterator[str]:
        return _pieces(lambda start, end: self._connection.lrange(key, start, end))

    def _zset(self, key: str) -> Iterator[str]:
        return _pieces(lambda start, end: self._connection.zrange(key, start, end))


def _pieces(read: Callable[[int, int], Any]) -> Iterator[str]:
    """All of a long key, a piece at a time; nothing of one that holds something else."""
    start = 0
    while True:
        try:
            found = read(start, start + LIST_CHUNK - 1)
        except redis.ResponseError:
            return
        yield from map(text, found)
        if len(found) < LIST_CHUNK:
            return
        start += LIST_CHUNK


def _job(job_id: str, values: list[Any]) -> Job:
    status, enqueued, started, queue, timeout, worker, schedule = (text(v) if v is not None else "" for v in values)
    seconds = int(timeout) if timeout.lstrip("-").isdecimal() else 180  # RQ's own default
    return Job(job_id, status, enqueued, started, queue, seconds, worker, schedule)


def _escaped(pattern: str) -> str:
    return "".join("\\" + letter if letter in "*?[]\\" else letter for letter in pattern)
