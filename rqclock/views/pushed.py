"""Our jobs as they lie in RQ's queues: none twice, and none without a decision."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import Any

import redis

from rqclock.store.keys import Keys
from rqclock.store.names import Names
from rqclock.store.of_jobs import RunOfJob, read_runs
from rqclock.store.replies import text
from rqclock.store.rows import read_row
from rqclock.store.versions import Version
from rqclock.views.findings import Finding

CHUNK = 1000


class Pushed:
    """The jobs of these schedules (slug → first known version) that wait in a queue."""

    def __init__(self, connection: redis.Redis, keys: Keys, firsts: Mapping[str, Version]) -> None:
        self._connection = connection
        self._keys = keys
        self._firsts = firsts
        self._names = Names.read(connection, keys)
        self._queues = sorted(text(key) for key in connection.smembers(f"{keys.prefix}:queues"))

    def findings(self, start: int, end: int) -> Iterator[Finding]:
        """Those due from `start` on, before `end`, that lie there twice or without having been decided on.

        Of each id only a hash is kept, 8 bytes; equal ones are looked at again. Raises redis.RedisError.
        """
        hashes = array("q")
        for part in self._parts(start, end):
            hashes.extend(hash(job) for job, _ in part)
            yield from self._undecided(part)
        found = sorted(hashes)
        doubles = {one for one, other in pairwise(found) if one == other}
        if doubles:
            again = chain.from_iterable(self._parts(start, end))
            yield from self._doubled({job: run for job, run in again if hash(job) in doubles})

    def _parts(self, start: int, end: int) -> Iterator[list[tuple[str, RunOfJob]]]:
        for queue in self._queues:
            at = 0
            while part := self._read(queue, at):
                jobs = [text(job) for job in part]
                runs = read_runs(self._connection, self._keys, jobs, self._names)
                yield [(job, run) for job, run in zip(jobs, runs, strict=True) if run and self._is_due(run, start, end)]
                at += CHUNK

    def _read(self, queue: str, at: int) -> list[Any]:
        try:
            return self._connection.lrange(queue, at, at + CHUNK - 1)
        except redis.ResponseError:  # no list: no worker reads it either, and the fire script refuses
            return []

    def _is_due(self, run: RunOfJob, start: int, end: int) -> bool:
        first = self._firsts.get(run.slug)
        return first is not None and max(start, first.began + 1) <= run.at < end

    def _undecided(self, jobs: Sequence[tuple[str, RunOfJob]]) -> Iterator[Finding]:
        pipeline = self._connection.pipeline(transaction=False)
        for _, run in jobs:
            pipeline.hget(self._keys.of("ledger", run.slug), run.field)
        for (job, run), raw in zip(jobs, pipeline.execute() if jobs else [], strict=True):
            decision = read_row(run.field, text(raw)).decision if raw is not None else "not decided"
            if decision != "enqueued":
                yield self._finding(run, f"its job {job} is in a queue, and it is {decision}")

    def _doubled(self, jobs: Mapping[str, RunOfJob]) -> Iterator[Finding]:
        """Looked at in one step: while we read the queues, jobs moved."""
        for job, run in sorted(jobs.items()):
            pipeline = self._connection.pipeline(transaction=True)
            for queue in self._queues:
                pipeline.lpos(queue, job, count=0)
            count = sum(len(places) for places in pipeline.execute(raise_on_error=False) if isinstance(places, list))
            if count > 1:
                yield self._finding(run, f"its job {job} is in the queues {count} times", kind="twice")

    def _finding(self, run: RunOfJob, text: str, kind: str = "job") -> Finding:
        return Finding(kind, self._firsts[run.slug].schedule.name, run.at, text)
