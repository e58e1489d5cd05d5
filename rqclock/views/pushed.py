"""Our jobs as they lie in RQ's queues: none twice, and none without a decision."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import redis

from rqclock.store.keys import Keys
from rqclock.store.names import Names
from rqclock.store.replies import text
from rqclock.store.rows import read_row
from rqclock.store.ticks import field, read_job_id
from rqclock.store.versions import Version
from rqclock.views.findings import Finding

CHUNK = 1000


class Pushed:
    """The jobs of these schedules (slug → first known version) that wait in a queue."""

    def __init__(self, connection: redis.Redis, keys: Keys, firsts: Mapping[str, Version]) -> None:
        self._connection = connection
        self._keys = keys
        self._firsts = firsts
        self._names = Names.read(connection, keys)  # an id is made of the name of its time
        self._queues = sorted(text(key) for key in connection.smembers(f"{keys.prefix}:queues"))

    def findings(self, start: int, end: int) -> Iterator[Finding]:
        """Those due from `start` on, before `end`, that lie there twice or without having been decided on.

        Of each id only a hash is kept, 8 bytes; equal ones are looked at again. Raises redis.RedisError.
        """
        hashes = array("q")
        for part in self._parts(start, end):
            hashes.extend(hash(job) for job in part)
            yield from self._undecided(part)
        found = sorted(hashes)
        doubles = {one for one, other in pairwise(found) if one == other}
        if doubles:
            suspects = {job for part in self._parts(start, end) for job in part if hash(job) in doubles}
            yield from self._doubled(sorted(suspects))

    def _parts(self, start: int, end: int) -> Iterator[list[str]]:
        for queue in self._queues:
            at = 0
            while part := self._read(queue, at):
                yield [job for job in map(text, part) if self._is_ours(job, start, end)]
                at += CHUNK

    def _read(self, queue: str, at: int) -> list[Any]:
        try:
            return self._connection.lrange(queue, at, at + CHUNK - 1)
        except redis.ResponseError:  # no list: no worker reads it either, and the fire script refuses
            return []

    def _is_ours(self, job: str, start: int, end: int) -> bool:
        named = read_job_id(job)
        first = self._firsts.get(self._names.today(named[0])) if named else None
        if named is None or first is None or not max(start, first.began + 1) <= named[1] < end:
            return False  # another's, or of a schedule that had this name before
        return self._keys.job_id(*named) == job

    def _undecided(self, jobs: list[str]) -> Iterator[Finding]:
        pipeline = self._connection.pipeline(transaction=False)
        named = [found for job in jobs if (found := read_job_id(job))]
        for slug, at, token in named:
            pipeline.hget(self._keys.of("ledger", self._names.today(slug)), field(at, token))
        for job, (_, at, token), raw in zip(jobs, named, pipeline.execute() if jobs else [], strict=True):
            decision = read_row(field(at, token), text(raw)).decision if raw is not None else "not decided"
            if decision != "enqueued":
                yield self._finding(job, f"its job {job} is in a queue, and it is {decision}")

    def _doubled(self, jobs: list[str]) -> Iterator[Finding]:
        """Looked at in one step: while we read the queues, jobs moved."""
        for job in jobs:
            pipeline = self._connection.pipeline(transaction=True)
            for queue in self._queues:
                pipeline.lpos(queue, job, count=0)
            count = sum(len(places) for places in pipeline.execute(raise_on_error=False) if isinstance(places, list))
            if count > 1:
                yield self._finding(job, f"its job {job} is in the queues {count} times", kind="twice")

    def _finding(self, job: str, text: str, kind: str = "job") -> Finding:
        named = read_job_id(job)
        assert named is not None
        return Finding(kind, self._firsts[self._names.today(named[0])].schedule.name, named[1], text)
