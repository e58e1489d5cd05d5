"""The lines of a log that say that a job begins, and how it ended."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from rq.job import Job

if TYPE_CHECKING:
    from rqclock.worker.worker import Worker

log = logging.getLogger("rqclock.worker")


def begin(worker: Worker, job: Job, queue: str) -> None:
    """RQ's own line."""
    shown = f"{job.description} ({job.id})" if worker.log_job_description else job.id
    worker.log.info("%s: %s", queue, shown)


def end(job: Job, well: bool) -> None:
    """With the duration, for whoever adds them up."""
    if job.started_at and job.ended_at:
        seconds = (job.ended_at - job.started_at).total_seconds()
        word = "ended" if well else "failed"
        log.info("%s: job %s in %.3f s", job.origin, word, seconds, extra={"duration": round(seconds, 6)})
