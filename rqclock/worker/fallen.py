"""What becomes of a job whose horse has died: back on its queue, or ended by RQ's own code."""

from __future__ import annotations

import logging
import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rq.defaults import RQ_KEY_PREFIX
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.executions import Execution
from rq.job import Job, JobStatus
from rq.utils import now

from rqclock.logs import facts_of
from rqclock.store.scripts import Scripts
from rqclock.worker.stall import InHand, Stall
from rqclock.worker.trouble import ride_out

if TYPE_CHECKING:
    from rqclock.worker.worker import Worker

PATIENCE = 2.0  # seconds for Redis to come back; after that the reaper finds the job

log = logging.getLogger("rqclock.worker")


class GivenUp(Exception):
    """Redis did not come back in time."""


class Fallen:
    """Settles the jobs of dead horses, in the parent."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._scripts = Scripts(worker.connection)
        self._last: Deadline | None = None

    def hurry(self) -> None:
        """The worker must end: from now on there is one span of patience for all jobs together."""
        self._last = self._last or Deadline(PATIENCE)

    @property
    def _deadline(self) -> Deadline:
        if self._last is not None and self._last.over:
            raise GivenUp
        return self._last or Deadline(PATIENCE)

    def settle(self, stall: Stall, status: int) -> None:
        """`status` is what waitpid said of the horse."""
        taken = stall.in_hand
        if taken is None:
            return
        try:
            if stall.verdict in ("", "stop", "timeout"):
                self._end(taken, stall.verdict, status)
            elif stall.verdict != "lost":
                self.put_back(taken)
        except GivenUp:
            log.error("job %s: Redis does not answer; the reaper will find the job", taken.job_id, extra=taken.facts)
        except (NoSuchJobError, InvalidJobOperation):
            return  # it has ended, and its life is over

    def put_back(self, taken: InHand) -> None:
        """To the front of its queue, not counted as a failure."""
        arguments = (RQ_KEY_PREFIX, taken.queue, taken.job_id, self._worker.name, taken.execution)
        if ride_out(lambda: self._scripts.call("put_back", *arguments), self._deadline):
            log.warning("job %s is back on %s, it had no time to end", taken.job_id, taken.queue, extra=taken.facts)

    def _end(self, taken: InHand, verdict: str, status: int) -> None:
        worker = self._worker
        job = ride_out(lambda: self._fetch(taken.job_id), self._deadline)
        state = job.get_status(refresh=False)
        if state in (JobStatus.FINISHED, JobStatus.FAILED):
            return
        if job.worker_name != worker.name or state != JobStatus.STARTED:
            self.put_back(taken)  # it died before it began, or somebody else has the job
            return
        job.ended_at = now()
        queue = next(queue for queue in worker.queues if queue.name == taken.queue)
        execution = self._execution(taken, job)
        worker.pausing = self._deadline
        if verdict == "stop":
            worker._stopped_job_id = job.id
            worker._handle_stopped_job(job, queue, execution)
            return
        reason = _too_long(taken) if verdict == "timeout" else _unexpected(status)
        worker.log.warning("Worker %s: job %s failed (%s)", worker.name, job.id, reason, extra=facts_of(job))
        worker.handle_work_horse_killed(job, 0, status, None)  # type: ignore[no-untyped-call]
        worker.handle_job_failure(job, queue=queue, exc_string=reason, execution=execution)

    def _fetch(self, job_id: str) -> Job:
        worker = self._worker
        return worker.job_class.fetch(job_id, connection=worker.connection, serializer=worker.serializer)

    def _execution(self, taken: InHand, job: Job) -> Execution:
        execution = Execution(taken.execution, taken.job_id, job.connection, self._worker.name)
        execution.created_at = datetime.fromtimestamp(taken.began, UTC)
        return execution


class Deadline:
    """Pauses that give up: the parent has other horses to look after."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    @property
    def over(self) -> bool:
        return time.monotonic() >= self._until

    def __call__(self, seconds: float) -> None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise GivenUp
        time.sleep(min(seconds, left))


def _unexpected(status: int) -> str:
    """RQ's own words, by which others tell this end."""
    by = f" (signal {os.WTERMSIG(status)})" if os.WIFSIGNALED(status) else ""
    return f"Work-horse terminated unexpectedly; waitpid returned {status}{by}; "


def _too_long(taken: InHand) -> str:
    return (
        f"rq.timeouts.JobTimeoutException: Task exceeded maximum timeout value ({taken.timeout} seconds)"
        " and could not be interrupted: its process was killed"
    )
