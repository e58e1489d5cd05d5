"""The reaper: jobs of dead workers, and jobs that are in no list, are queued again, each under its own id.

A job is touched only if its hash exists and says queued, started or scheduled while it is not in that place, seen twice
ten seconds apart and looked at once more in the script; or if RQ has failed it because of its worker. What has
finished, failed by itself, was stopped, cancelled or deleted, or has expired, is never run again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import redis

from rqclock.aftercare.janitor import cleaning_lock
from rqclock.aftercare.revival import Loss, Revival
from rqclock.store import rq_records
from rqclock.store.keys import Keys
from rqclock.store.ledger import slices
from rqclock.store.places import FOR_EVER, GONE, Job, Places
from rqclock.store.replies import text
from rqclock.store.scripts import Scripts

log = logging.getLogger("rqclock.reaper")

OPEN = ("queued", "started", "scheduled")
ALIVE = 45_000  # ms: a worker renews its execution for at least 60 s before they run out
WORKER_ALIVE = 30_000  # ms, of the worker's own key, which it renews on another beat
KILLED_BY = 120.0  # seconds after its timeout by which RQ has killed a work-horse, and noticed
SHARE = 0.1  # of the time that looking for orphans may take: with 100,000 jobs waiting it looks more rarely
APART = 8.0  # seconds between two looks at a suspect: 53 s in all with the time ALIVE, of the minute that is promised
SCANNED_WITHIN = 600.0  # seconds in which every job in Redis is looked at once
FAILED_EVERY, ALL_FAILED_EVERY, NEWEST = 2.0, 60.0, 1000
FAILED_WITHIN = 3600.0  # an application's job that RQ failed before that is its owner's affair, not ours


@dataclass
class Suspects:
    """When each suspect was seen first. One that was not seen at a look is none any more."""

    apart: float
    seen: dict[tuple[str, ...], float] = field(default_factory=dict)

    def look(self, found: Iterable[tuple[str, ...]], now: float) -> list[tuple[str, ...]]:
        """Note those found; the answer are those seen long enough ago for the second time."""
        self.seen = {one: self.seen.get(one, now) for one in found}
        return [one for one, since in self.seen.items() if now - since >= self.apart]


class Reaper:
    """Looks through RQ's structures for jobs whose worker is gone. Times in seconds, `alive` in milliseconds."""

    def __init__(
        self,
        connection: redis.Redis,
        keys: Keys,
        *,
        holds: Callable[[str], bool] = lambda lock: True,
        apart: float = APART,
        alive: int = ALIVE,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection = connection
        self._keys = keys
        self._holds = holds
        self._alive = alive
        self._monotonic = monotonic
        self._places = Places(connection, keys)
        self._revival = Revival(connection, keys)
        self._scripts = Scripts(connection)
        self._apart = apart
        self._dying, self._orphans, self._stale = Suspects(apart), Suspects(apart), Suspects(apart)
        self._cursor = 0
        self._next_orphans = self._failed_at = self._all_failed_at = -1e9
        self._judged: set[tuple[str, str, float]] = set()

    def step(self, now: float) -> None:
        """One pass; `now` is the wall clock's time, that of queueing. Raises redis.RedisError."""
        started = self._monotonic()
        queues = [queue for queue in self._places.queues() if self._holds(cleaning_lock(self._keys.prefix, queue))]
        self._look_at_executions(queues, now, started)
        if started - self._failed_at >= FAILED_EVERY:
            self._failed_at = started
            self._look_at_failed(queues, now, started)
        if started >= self._next_orphans:
            self._look_at_orphans(queues, now, started)
            took = self._monotonic() - started
            self._next_orphans = started + max(self._apart, took / SHARE)
        self._revival.sum_up()

    # --- jobs that a worker has begun

    def _look_at_executions(self, queues: list[str], now: float, started: float) -> None:
        entries = [(queue, entry) for queue in queues for entry in self._places.executions(queue)]
        prefix = self._keys.prefix
        left = self._places.time_left([f"{prefix}:execution:{entry}" for _, entry in entries])
        ending = {
            entry: (queue, ms)
            for (queue, entry), ms in zip(entries, left, strict=True)
            if ms != FOR_EVER and ms < self._alive and ":" in entry
        }
        jobs = self._places.jobs(entry.rpartition(":")[0] for entry in ending)
        dead = [
            (entry, jobs[job_id].status, jobs[job_id].started_at)
            for entry, (_, ms) in ending.items()
            if (job_id := entry.rpartition(":")[0]) in jobs and self._is_dead(jobs[job_id], ms, now)
        ]
        for entry, *_ in self._dying.look(dead, started):
            job = jobs[entry.rpartition(":")[0]]
            why = f"its worker died{f' ({job.worker})' if job.worker else ''}"
            patient = job.overran(now) and not self._is_ours(job)
            self._revival.again(Loss(job, why, alive=1 if patient else self._alive), now)
        gone = {entry: queue for entry, (queue, ms) in ending.items() if ms == GONE}
        for (entry,) in self._stale.look(((entry,) for entry in gone if not _may_run(jobs, entry)), started):
            self._scripts.call("unpark", prefix, gone[entry], 0, entry)

    def _is_dead(self, job: Job, left: int, now: float) -> bool:
        if job.status not in ("queued", "started"):
            return False
        if not job.overran(now) or self._is_ours(job):  # ours renews for the same time until the job has ended
            return True
        # Past its timeout RQ renews it for ever shorter times while it waits to kill it, so only its end tells; then
        # either its worker is silent too, or even a killed job would have been written down by now.
        worker = f"{self._keys.prefix}:worker:{job.worker}"
        return left == GONE and (job.overran(now - KILLED_BY) or self._places.time_left([worker])[0] < WORKER_ALIVE)

    def _is_ours(self, job: Job) -> bool:
        """Whether an rqclock.Worker had it: its record outlives it for minutes."""
        return bool(self._connection.hexists(f"{self._keys.prefix}:worker:{job.worker}", "worker_class"))

    # --- jobs that are in no list

    def _look_at_orphans(self, queues: list[str], now: float, started: float) -> None:
        taken = {queue: self._places.taken(queue) for queue in queues}
        candidates = [*self._places.open(), *(one for ids in taken.values() for one in ids)]
        candidates += [key[0] for key in self._orphans.seen] + (self._scanned() if queues else [])
        states = self._places.states(candidates)
        jobs = self._places.jobs(self._out_of_place(states))
        keys = ((job.id, job.status, job.enqueued_at, job.started_at) for job in jobs.values() if _was_begun(job))
        for key in sorted(self._orphans.look(keys, started), key=lambda key: key[2], reverse=True):  # oldest in front
            job = jobs[key[0]]
            why = "its retry was lost" if job.status == "scheduled" else "it was in no list"
            worker = f" ({job.worker})" if job.worker and job.status == "started" else ""
            self._revival.again(Loss(job, why + worker, alive=self._alive), now)
        for queue, ids in taken.items():
            ended = [one for one in ids if one not in states or states[one][0] in rq_records.ENDED]
            for part in slices(ended, 1000):
                self._scripts.call("unpark", self._keys.prefix, queue, len(part), *part)

    def _out_of_place(self, states: dict[str, tuple[str, str]]) -> Iterator[str]:
        found: dict[tuple[str, str], list[str]] = {}
        for job_id, state in states.items():
            found.setdefault(state, []).append(job_id)
        for (status, queue), ids in found.items():
            if status in OPEN and queue:
                there = self._there(queue, status)
                yield from (job_id for job_id in ids if job_id not in there)

    def _there(self, queue: str, status: str) -> set[str]:
        """The ids in the places where jobs of this status are."""
        if status == "scheduled":
            return self._places.planned(queue) | self._places.planned_by_rq_scheduler()
        begun = {entry.rpartition(":")[0] or entry for entry in self._places.executions(queue)}
        return begun | self._places.waiting(queue) if status == "queued" else begun

    def _scanned(self) -> list[str]:
        """The next piece of all jobs in Redis: each is looked at within SCANNED_WITHIN."""
        passes = SCANNED_WITHIN / max(self._apart, 1.0) * 0.8
        budget = max(1, int(self._places.size() / passes / 1000) + 1)
        found: list[str] = []
        for _ in range(budget):
            self._cursor, ids = self._places.scan(self._cursor)
            found += ids
            if self._cursor == 0:
                break
        return [job_id for job_id, (status, _) in self._places.states(found).items() if status in OPEN]

    # --- jobs that RQ has failed because of their worker

    def _look_at_failed(self, queues: list[str], now: float, started: float) -> None:
        whole = started - self._all_failed_at >= ALL_FAILED_EVERY
        if whole:
            self._all_failed_at = started
        there = {
            (queue, job_id, score)
            for queue in queues
            for job_id, score in self._places.failed(queue, None if whole else NEWEST)
        }
        fresh = there - self._judged
        ours = set(self._places.open()) if fresh else set()
        revived: set[str] = set()
        for part in slices(sorted(fresh), 500):
            revived |= self._judge([job_id for _, job_id, _ in part], ours, now)
        # One that was queued again may fail within the same second, so it is forgotten; so is all, when Redis fails.
        self._judged = {one for one in (there if whole else self._judged | fresh) if one[1] not in revived}

    def _judge(self, ids: list[str], ours: set[str], now: float) -> set[str]:
        """Queue those again that failed because of their worker; the answer are these."""
        revived = set()
        records = rq_records.read(self._connection, self._keys, ids)
        lost = {one: r for one, r in zip(ids, records, strict=True) if r and r.to_be_queued_again}
        for job in self._places.jobs(lost).values():
            if job.id in ours or self._failed_lately(job.id):
                self._revival.again(Loss(job, lost[job.id].error or "", alive=self._alive), now)
                revived.add(job.id)
        return revived

    def _failed_lately(self, job_id: str) -> bool:
        """By the server's time in the id of its result: what failed before rqclock was here, is not run again."""
        newest: Any = self._connection.xrevrange(self._keys.results(job_id), count=1)
        seconds, _ = self._connection.time()
        return bool(newest) and seconds - int(text(newest[0][0]).partition("-")[0]) / 1000 <= FAILED_WITHIN


def _was_begun(job: Job) -> bool:
    """Whether it is a worker's affair.

    A job that is scheduled and never began was being planned when somebody died; to run it now would be too early. One
    that RQ runs within an application's own process ("sync") has no execution at all.
    """
    return job.worker != "sync" if job.status != "scheduled" else bool(job.started_at)


def _may_run(jobs: dict[str, Job], entry: str) -> bool:
    job = jobs.get(entry.rpartition(":")[0])
    return job is not None and job.status in ("queued", "started")
