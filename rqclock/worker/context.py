"""What the application needs around each job."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rq.job import Job


class Surroundings:
    """The application's set-up, done once, and what is put around each job."""

    def enter_horse(self) -> None:
        """In a new horse, before its first job."""

    @contextmanager
    def around(self, job: Job) -> Iterator[None]:
        """Around one job, its callbacks included."""
        yield
