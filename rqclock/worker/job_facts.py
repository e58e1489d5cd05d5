"""What log lines say of the job that runs: its schedule, its tick, which attempt it is; and what they must not say."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from rq.exceptions import DeserializationError
from rq.job import Job

from rqclock.jobs.rq_job import Job as OurJob
from rqclock.store.ticks import attempt, iso

log = logging.getLogger("rqclock.worker")


def of(fields: Mapping[bytes, bytes], job: Job, worker: str) -> dict[str, Any]:
    """The facts, from the job's hash as it was taken."""
    facts: dict[str, Any] = {"job_id": job.id, "worker": worker}
    left = job.retries_left
    facts["attempt"] = attempt(_whole(fields.get(b"attempts")), left, job.number_of_retries)
    if b"schedule" in fields:
        facts["schedule"] = fields[b"schedule"].decode(errors="replace")
    planned = _whole(fields.get(b"scheduled_for"))
    if planned is not None:
        facts["tick"] = iso(planned)
    return facts


def secrets(job: Job) -> list[str]:
    """The sensitive arguments' texts."""
    try:
        return job.secrets if isinstance(job, OurJob) else []
    except DeserializationError:
        return []


def say_end(job: Job, well: bool) -> None:
    """One line with the duration, for whoever adds them up."""
    if job.started_at and job.ended_at:
        seconds = (job.ended_at - job.started_at).total_seconds()
        end = "ended" if well else "failed"
        log.info("%s: job %s in %.3f s", job.origin, end, seconds, extra={"duration": round(seconds, 6)})


def _whole(value: bytes | None) -> int | None:
    return int(value) if value and value.isdigit() else None
