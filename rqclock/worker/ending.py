"""One job and its end, in RQ's own code; written until Redis has it, and once."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import rq
from rq.executions import Execution
from rq.job import Job as RqJob
from rq.job import JobStatus
from rq.queue import Queue
from rq.timeouts import JobTimeoutException
from rq.utils import now

from rqclock.connection import passes
from rqclock.worker.context import Surroundings
from rqclock.worker.trouble import Noting, ride_out

COUNTED = ("retries_left", "number_of_retries", "repeats_left", "repeat_intervals")  # what RQ changes in a job


class Ending(rq.Worker):
    """`pausing` waits between two tries, and may give up."""

    connection: Noting
    surroundings: Surroundings
    pausing: Callable[[float], None] = staticmethod(time.sleep)

    def perform_job(self, job: RqJob, queue: Queue, execution: Execution) -> bool:
        """Run it, and write how it ended. Whether it ended well."""
        me = os.getpid()
        with ExitStack() as stack:
            try:
                stack.enter_context(self.surroundings.around(job))
                job.started_at = now()
                timeout = job.timeout or self.queue_class.DEFAULT_TIMEOUT
                with self.death_penalty_class(timeout, JobTimeoutException, job_id=job.id):
                    value = job.perform()
                _only(me)
                self._finalize_success(job, queue, execution, value)
            except BaseException:  # whatever it raises, its end must be written
                _only(me)
                self._finalize_failure(job, queue, execution, sys.exc_info())
                return False
        return True

    def handle_execution_ended(self, job: RqJob, queue: Queue, heartbeat_ttl: int) -> None:
        job.ended_at = now()  # the parent beats for it

    def handle_job_success(self, job: RqJob, *args: Any, **named: Any) -> None:
        step = super().handle_job_success
        self._settle(lambda: step(job, *args, **named), job, named["execution"])

    def handle_job_failure(self, job: RqJob, *args: Any, **named: Any) -> None:
        step = super().handle_job_failure
        _make_writable(named)
        self._settle(lambda: step(job, *args, **named), job, named.get("execution"))

    def handle_job_retry(self, job: RqJob, *args: Any, **named: Any) -> None:
        step = super().handle_job_retry
        _make_writable(named)
        self._settle(lambda: step(job, *args, **named), job, named["execution"])

    def _settle(self, step: Callable[[], None], job: RqJob, execution: Execution | None) -> None:
        """Write how a job ended, until Redis has it, and only once: a reply may be lost."""
        counted = {name: getattr(job, name) for name in COUNTED}
        stopped, tried = self._stopped_job_id, False

        def once() -> None:
            nonlocal tried
            if tried and execution is not None and self._is_settled(job, execution):
                return
            tried, self._stopped_job_id = True, stopped
            for name, value in counted.items():
                setattr(job, name, value)
            self.connection.failure = None
            step()
            failure: Any = self.connection.failure
            if failure is not None and passes(failure):
                raise failure

        ride_out(once, self.pausing)

    def _is_settled(self, job: RqJob, execution: Execution) -> bool:
        """The transaction that ends a job removes its execution; an outage may have outlived that too."""
        with self.connection.pipeline(transaction=False) as pipeline:
            pipeline.exists(execution.key)
            pipeline.hget(job.key, "status")
            there, status = pipeline.execute()
        return not there and status != JobStatus.STARTED.value.encode()


def _only(pid: int) -> None:
    """A process that the job has forked, and that came back here, ends: it is no work-horse, and takes no jobs."""
    if os.getpid() != pid:
        os._exit(0)


def _make_writable(named: dict[str, Any]) -> None:
    """A file name that is no UTF-8 stands in its error with surrogates, which RQ could not write."""
    if isinstance(text := named.get("exc_string"), str):
        named["exc_string"] = text.encode(errors="backslashreplace").decode()
