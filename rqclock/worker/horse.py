"""The work-horse: one process that takes a job, runs it and takes the next, until it is told to leave or is worn."""

from __future__ import annotations

import logging
import os
import random
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import redis
from rq.defaults import RQ_KEY_PREFIX
from rq.executions import Execution
from rq.job import Job, JobStatus
from rq.utils import now, utcformat
from rq.worker.base import WorkerStatus

from rqclock.logs import during, facts_of, hide
from rqclock.store.scripts import Scripts
from rqclock.worker import lines
from rqclock.worker.quarantine import Quarantine
from rqclock.worker.reins import Reins
from rqclock.worker.source import Popped, Source, Suspended
from rqclock.worker.trouble import ride_out

if TYPE_CHECKING:
    from rqclock.worker.worker import Worker

WEBHOOKS = 30  # seconds that a job's webhooks may take beyond its timeout
KILL_AFTER = 5  # seconds past its timeout after which a job that did not stop by itself is stopped with its process

log = logging.getLogger("rqclock.worker")


class Leave(Exception):
    """Told to leave while there was no job in hand."""


@dataclass(frozen=True)
class Wear:
    """When a horse is worn and another one takes its place: jobs, MiB of memory (0: no limit), seconds of age."""

    jobs: int
    memory: int
    age: float


@dataclass(frozen=True)
class Task:
    """What one horse is sent out for: `jobs` is how many it may run, None for no limit."""

    burst: bool
    jobs: int | None
    wear: Wear


class Horse:
    """Runs in the child. `worker` is the parent's object, as the fork has copied it."""

    def __init__(self, worker: Worker, reins: Reins, task: Task) -> None:
        self._worker = worker
        self._reins = reins
        self._task = task
        self._source = Source(worker.connection, worker.name)
        self._quarantine = Quarantine(worker.connection, worker.name)
        self._scripts = Scripts(worker.connection)
        self._queues = {queue.name: queue for queue in worker.queues}
        self._began = time.monotonic()
        self._done = 0
        self._state = WorkerStatus.STARTED

    def run(self) -> None:
        """Job after job. What it leaves for is the last that its parent hears."""
        reason = self._worn()
        try:
            while not reason:
                popped = self._take()
                if popped is None:
                    reason = "empty"
                else:
                    self._handle(popped)
                    reason = self._worn()
        except Leave:
            reason = self._worn() or "told"
        self._reins.tell(left=reason)

    def _worn(self) -> str:
        wear, done = self._task.wear, self._done
        if self._reins.must_leave():
            return "told"
        if done == self._task.jobs:
            return "quota"
        old = time.monotonic() - self._began > wear.age
        grown = wear.memory and done and memory() > wear.memory  # after one job at least, however large the application
        return "worn" if old or grown or done >= wear.jobs else ""

    # --- taking

    def _take(self) -> Popped | None:
        """The next job; None when a burst is over."""
        while True:
            if self._reins.must_leave():
                raise Leave
            names = [queue.name for queue in self._worker._ordered_queues]
            try:
                popped = ride_out(lambda names=names: self._source.pop(names), self._pause)  # type: ignore[misc]
                if popped is not None:
                    return popped
                self._rest(WorkerStatus.IDLE)
                if self._task.burst:
                    return None
                if self._worn():
                    raise Leave  # too old: another one waits in its place
                popped = ride_out(lambda names=names: self._source.wait(names, self._reins.mouth_piece), self._pause)  # type: ignore[misc]
                if popped is not None:
                    return self._still_wanted(popped)
            except Suspended:
                if self._task.burst:
                    log.info("suspended: a burst ends here, there may be jobs in the queues")
                    return None
                self._rest(WorkerStatus.SUSPENDED)
                self._pause(1.0)

    def _still_wanted(self, popped: Popped) -> Popped:
        if self._reins.must_leave():
            ride_out(lambda: self._source.put_back(popped.queue, popped.job_id), time.sleep)
            raise Leave
        return popped

    def _pause(self, seconds: float) -> None:
        """Nothing in hand: an order to leave ends it."""
        if self._reins.must_leave(seconds):
            raise Leave

    def _rest(self, state: WorkerStatus) -> None:
        """The worker's state, for people, once for each span of rest."""
        if self._state is not state:
            ride_out(lambda: self._scripts.call("rest", RQ_KEY_PREFIX, self._worker.name, state.value), self._pause)
            self._state = state
            self._worker.procline(f"{state.value}, listening on {','.join(self._worker.queue_names())}")  # type: ignore[no-untyped-call]

    # --- running

    def _handle(self, popped: Popped) -> None:
        job = self._read(popped)
        if job is None:
            return
        queue = self._queues[popped.queue]
        self._worker.reorder_queues(reference_queue=queue)
        execution = Execution(random.randbytes(16).hex(), job.id, job.connection, self._worker.name)
        execution._job = job
        self._state = WorkerStatus.BUSY
        self._tell_taken(job, popped.queue, execution)
        ride_out(lambda: self._begin(job, popped.queue, execution), time.sleep)
        hide(getattr(job, "known_secrets", ()))
        with during(facts_of(job)):
            os.environ["RQ_WORKER_ID"], os.environ["RQ_JOB_ID"] = self._worker.name, job.id
            lines.begin(self._worker, job, popped.queue)
            self.take_signals()
            ended_well = self._worker.perform_job(job, queue, execution)
            lines.end(job, ended_well)
        self._done += 1
        self._reins.tell(done=job.id, well=ended_well)

    def _read(self, popped: Popped) -> Job | None:
        """The job as RQ reads it; one that can't be read is put aside."""
        try:
            if popped.fields is None:
                raise ValueError("its key in Redis is not a hash")
            worker = self._worker
            job = worker.job_class(popped.job_id.decode(), connection=worker.connection, serializer=worker.serializer)
            job.restore(popped.fields)
            job.redis_server_version = worker.get_redis_server_version()  # type: ignore[no-untyped-call]
            self._limit(job)
        except redis.RedisError:
            raise
        except Exception as error:  # whoever wrote the hash may have written anything
            reason = f"{type(error).__name__}: {error}"
            ride_out(lambda: self._quarantine.put(popped.queue, popped.job_id, reason), time.sleep)
            return None
        return job

    def _tell_taken(self, job: Job, queue: str, execution: Execution) -> None:
        self._reins.tell(
            taken=job.id,
            queue=queue,
            execution=execution.id,
            began=execution.created_at.timestamp(),
            timeout=job.timeout or self._worker.queue_class.DEFAULT_TIMEOUT,
            limit=self._limit(job),
        )

    def _limit(self, job: Job) -> float:
        """Seconds after which the parent ends it with the process; 0 for a job without a timeout."""
        timeout = job.timeout or self._worker.queue_class.DEFAULT_TIMEOUT
        if timeout < 0:
            return 0
        after_success = job.success_callback_timeout if job._success_callback_name else 0
        after_failure = job.failure_callback_timeout if job._failure_callback_name else 0
        webhooks = WEBHOOKS if job.webhooks else 0
        return float(timeout + max(after_success, after_failure) + webhooks + KILL_AFTER)

    def _begin(self, job: Job, queue: str, execution: Execution) -> None:
        """What RQ writes before a job, in one step."""
        worker, moment = self._worker, now()
        job.worker_name, job._status = worker.name, JobStatus.STARTED
        job.started_at = job.last_heartbeat = moment
        whose = (queue, job.id, worker.name, execution.id)
        times = (worker.get_heartbeat_ttl(job), int(moment.timestamp()), utcformat(moment))
        self._scripts.call("in_hand", RQ_KEY_PREFIX, *whose, *times, execution.created_at.timestamp(), "begins")

    def take_signals(self) -> None:
        """Before each job, for the last one may have put handlers of its own.

        A platform that signals every process of the container is answered by the parent. Not SIG_IGN: a program that
        a job starts would inherit that.
        """
        signal.signal(signal.SIGTERM, _not_ours)
        signal.signal(signal.SIGINT, _not_ours)


def memory() -> int:
    """Memory of this process in MiB; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20
    except OSError:
        return 0


def _not_ours(number: int, frame: Any) -> None:
    """A signal to stop is the parent's affair."""
