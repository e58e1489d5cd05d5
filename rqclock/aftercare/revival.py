"""A lost job is queued again, or given up: the script's step, and what is recorded of it."""

from __future__ import annotations

import base64
import json
import logging
import zlib
from dataclasses import dataclass

import redis

from rqclock.acts import activity
from rqclock.jobs.decorator import MAX_ATTEMPTS
from rqclock.store.keys import Keys
from rqclock.store.ledger import rq_stamp
from rqclock.store.places import Job
from rqclock.store.replies import text
from rqclock.store.rq_records import GIVEN_UP, instant
from rqclock.store.scripts import Scripts
from rqclock.store.totals import Totals

log = logging.getLogger("rqclock.reaper")

FAILURE_TTL = 31_536_000  # seconds, RQ's own default
RECORDED = 50  # jobs of one pass that have an entry of their own
QUEUED_AGAIN, ABANDONED = "queued again", "abandoned"


@dataclass(frozen=True)
class Loss:
    """A job that seems lost, and why. An execution with `alive` ms left, or more, proves the contrary."""

    job: Job
    why: str
    alive: int


class Revival:
    """Queues lost jobs again, with an entry in the activity and in each run's own history."""

    def __init__(self, connection: redis.Redis, keys: Keys) -> None:
        self._connection = connection
        self._keys = keys
        self._scripts = Scripts(connection)
        self._totals = Totals(connection, keys)
        self._recorded = 0

    def sum_up(self) -> None:
        """A pass is over: of what was too much to record one by one, how much it was. Raises redis.RedisError."""
        more, self._recorded = self._recorded - RECORDED, 0
        if more > 0:
            entry = activity.Entry.of(QUEUED_AGAIN, activity.By("rqclock", f"{more} more jobs that were lost likewise"))
            activity.record(self._connection, self._keys, entry)

    def again(self, loss: Loss, now: float) -> str:
        """What became of it: "queued", "limited", "failed", "stays" or "changed". Raises redis.RedisError."""
        job = loss.job
        given_up = (
            f"{GIVEN_UP}its worker died each time it ran ({loss.why}); not queued again, see @job(max_attempts=…)"
        )
        packed = zlib.compress(given_up.encode())
        verdict, *more = self._scripts.call(
            "revive", self._keys.prefix, job.id, job.status, job.enqueued_at, job.started_at, loss.alive,
            rq_stamp(now), _event(loss, now), base64.b64encode(packed), packed, MAX_ATTEMPTS, FAILURE_TTL,
        )  # fmt: skip
        became = text(verdict)
        if became == "queued":
            self._record(QUEUED_AGAIN, loss, int(more[0]))
        elif became == "limited":
            self._wait_for_a_place(text(more[0]))
            self._record(QUEUED_AGAIN, loss, 0)
        elif became == "failed":
            self._let_dependents_go(job)
            self._record(ABANDONED, loss, int(more[0]))
        return became

    def _record(self, what: str, loss: Loss, deaths: int) -> None:
        job = loss.job
        log.warning(
            "job %s of queue %s %s: %s (%d)", job.id, job.queue, what, loss.why, deaths, extra={"job_id": job.id}
        )
        self._totals.add(f"lost:{what}")
        self._recorded += 1
        if self._recorded > RECORDED:
            return
        detail = {"job": job.id, "queue": job.queue, "deaths": deaths}
        activity.record(
            self._connection,
            self._keys,
            activity.Entry.of(what, activity.By("rqclock", loss.why), schedule=job.schedule, detail=detail),
        )

    def _wait_for_a_place(self, limit: str) -> None:
        from rq.rate_limit import RateLimitRegistry

        registry = RateLimitRegistry(limit, connection=self._connection)
        registry.acquire_and_enqueue(registry.concurrency)

    def _let_dependents_go(self, job: Job) -> None:
        """Jobs that wait for this one, and said that its failure is no obstacle."""
        from rq import Queue
        from rq.exceptions import NoSuchJobError

        from rqclock.jobs.rq_job import Job as RqJob

        if not self._connection.exists(f"{self._keys.job(job.id)}:dependents"):
            return
        try:
            found = RqJob.fetch(job.id, connection=self._connection)
            Queue(job.queue, connection=self._connection, job_class=RqJob).enqueue_dependents(found)
        except (NoSuchJobError, ValueError, TypeError) as error:  # a malformed job: its dependents stay where they are
            log.error("dependents of %s: %s", job.id, error)


def _event(loss: Loss, now: float) -> str:
    """JSON members, without the braces: the script puts the attempt before them."""
    facts = {"at": round(now, 3), "why": loss.why, "worker": loss.job.worker, "started": instant(loss.job.started_at)}
    kept = {name: value for name, value in facts.items() if value}
    return json.dumps(kept, separators=(",", ":"), ensure_ascii=False)[1:-1]
