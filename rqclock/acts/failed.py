"""Jobs that failed for good: found, queued again, or discarded, by a person, with who and why."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any

import redis

from rqclock.acts.activity import By, Entry, record
from rqclock.store import rq_records
from rqclock.store.in_force import read_schedules
from rqclock.store.keys import Keys
from rqclock.store.ledger import rq_stamp, slices
from rqclock.store.names import Names
from rqclock.store.of_jobs import RunOfJob, read_runs
from rqclock.store.places import Places
from rqclock.store.replies import text
from rqclock.store.scripts import Scripts
from rqclock.store.ticks import slug

CHUNK = 500
BATCH = 100  # in one step of Redis
REQUEUE, DISCARD = "requeue", "discard"
DONE = {REQUEUE: "requeued failed jobs", DISCARD: "discarded failed jobs"}


@dataclass(frozen=True)
class Failed:
    """One of them. `schedule` is a name, "" for an application's own job; `failed_at` epoch seconds, if known."""

    job_id: str
    queue: str
    schedule: str
    description: str
    failed_at: float | None
    error: str
    attempt: int


@dataclass(frozen=True)
class Filter:
    """Which are meant; None is no condition. `before`: those that failed before that instant (epoch seconds)."""

    queue: str | None = None
    schedule: str | None = None
    before: float | None = None
    job_ids: frozenset[str] = frozenset()

    def words(self) -> str:
        """`queue mail, schedule weekly report`."""
        said = [
            f"queue {self.queue}" if self.queue is not None else "",
            f"schedule {self.schedule}" if self.schedule is not None else "",
            "those named" if self.job_ids else "",
            "older ones" if self.before is not None else "",
        ]
        return ", ".join(filter(None, said)) or "all"

    def holds(self, job: Failed) -> bool:
        """Whether the job is one of those; what schedule it is of stands in its id, and is not asked here."""
        if self.job_ids and job.job_id not in self.job_ids:
            return False
        return self.before is None or (job.failed_at is not None and job.failed_at < self.before)


class FailedJobs:
    """RQ's registries of failed jobs, of all queues."""

    def __init__(self, connection: redis.Redis, keys: Keys) -> None:
        self._connection = connection
        self._keys = keys
        self._places = Places(connection, keys)
        self._scripts = Scripts(connection)

    def find(self, wanted: Filter) -> Iterator[Failed]:
        """Those that the filter means, by queue. Raises redis.RedisError."""
        queues = self._places.queues() if wanted.queue is None else [wanted.queue]
        names = Names.read(self._connection, self._keys)
        meant = None if wanted.schedule is None else names.today(slug(wanted.schedule))
        for queue in queues:
            ids = [job_id for job_id, _ in self._places.failed(queue, None)]
            for part in slices(ids, CHUNK):
                ours = part if meant is None else self._of(meant, part, names)
                yield from (job for job in self._read(queue, ours) if wanted.holds(job))

    def act(self, what: str, jobs: Iterable[Failed], by: By, wanted: Filter) -> Counter[str]:
        """REQUEUE or DISCARD them, in batches: how many were "done", how many "gone" in the meantime.

        One entry in the activity says how many, also when Redis fails midway. Raises redis.RedisError.
        """
        done: Counter[str] = Counter()
        skipping = {s.slug for s in read_schedules(self._connection, self._keys) if s.policies.overlap == "skip"}
        try:
            for part in slices(jobs, BATCH):
                done.update(self._step(what, part, skipping))
        finally:
            detail = {"jobs": done["done"], "of": "all that failed" if wanted == Filter() else wanted.words()}
            record(
                self._connection, self._keys, Entry.of(DONE[what], by, schedule=wanted.schedule or "", detail=detail)
            )
        return done

    def _step(self, what: str, jobs: Sequence[Failed], skipping: Set[str]) -> list[str]:
        seconds, micros = self._connection.time()
        runs = read_runs(self._connection, self._keys, [job.job_id for job in jobs])
        rows = [[job.job_id, job.queue, *_row(run, skipping)] for job, run in zip(jobs, runs, strict=True)]
        now = seconds * 1000 + micros // 1000
        head = [self._keys.prefix, self._keys.root, what, now, rq_stamp(seconds + micros / 1e6)]
        return [text(word) for word in self._scripts.call("requeue", *head, json.dumps(rows))]

    def _of(self, slug_: str, ids: Sequence[str], names: Names) -> list[str]:
        """Those that are runs of the schedule."""
        runs = read_runs(self._connection, self._keys, ids, names)
        return [job_id for job_id, run in zip(ids, runs, strict=True) if run and run.slug == slug_]

    def _read(self, queue: str, ids: list[str]) -> Iterator[Failed]:
        pipeline = self._connection.pipeline(transaction=False)
        for job_id in ids:
            pipeline.hmget(self._keys.job(job_id), "schedule", "description")
        records = rq_records.read(self._connection, self._keys, ids)
        for job_id, names, found in zip(ids, pipeline.execute(raise_on_error=False), records, strict=True):
            if found is not None and found.status in ("failed", "stopped"):
                schedule, about = _texts(names)
                when = found.finished_at or found.recorded_at
                yield Failed(job_id, queue, schedule, about, when, found.error or "", found.attempt)


def _row(run: RunOfJob | None, skipping: Set[str]) -> list[str]:
    """Slug, field and overlap of a run of this Clock, whose outcome is open again then; empty for any other job."""
    return [run.slug, run.field, "skip" if run.slug in skipping else ""] if run else ["", "", ""]


def _texts(values: Any) -> tuple[str, str]:
    if not isinstance(values, list):
        return "", ""
    schedule, about = (text(value) if value is not None else "" for value in values)
    return schedule, about
