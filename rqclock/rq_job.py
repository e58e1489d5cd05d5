"""`rqclock.Job`, the job class of our workers (`RQ_JOB_CLASS`, or `rq worker -j rqclock.Job`)."""

from __future__ import annotations

from typing import Any

from rq.job import Job as RqJob
from rq.serializers import DefaultSerializer

from rqclock.serializer import JobSerializer


class Job(RqJob):
    """An RQ job whose arguments are JSON. Which format a stored job has is told by its own bytes."""

    def __init__(self, id: str | None = None, connection: Any = None, serializer: Any = None) -> None:
        super().__init__(id, connection=connection, serializer=serializer)
        if self.serializer is DefaultSerializer:  # RQ's pickle is nobody's choice here, only its default
            self.serializer = JobSerializer
