"""`rqclock.Job`, the job class of our workers (`RQ_JOB_CLASS`, or `rq worker -j rqclock.Job`)."""

from __future__ import annotations

from typing import Any

from rq.exceptions import DeserializationError
from rq.job import UNEVALUATED
from rq.job import Job as RqJob
from rq.serializers import DefaultSerializer

from rqclock.job_modules import JobRefused, resolve
from rqclock.serializer import PICKLE_PROTOCOL_MARK, JobSerializer


class JobUnreadable(DeserializationError):  # type: ignore[misc, unused-ignore]
    """A job whose arguments this worker does not read; RQ's own class for it carries no reason."""


class Job(RqJob):
    """An RQ job whose arguments are JSON, and that may name functions of known modules only.

    Which format a stored job has is told by its own bytes. The list of modules does not hold for pickles, where those
    are allowed at all: a pickle runs what it likes while it is read.
    """

    def __init__(self, id: str | None = None, connection: Any = None, serializer: Any = None) -> None:
        super().__init__(id, connection=connection, serializer=serializer)
        if self.serializer is DefaultSerializer:  # RQ's pickle is nobody's choice here, only its default
            self.serializer = JobSerializer

    def _deserialize_data(self) -> None:
        try:
            super()._deserialize_data()
        except DeserializationError as error:
            cause = error.__cause__ or error
            raise JobUnreadable(str(cause) or type(cause).__name__) from cause

    @property
    def func(self) -> Any:
        if self._is_pickled:
            return super().func
        if self.instance is not None:
            raise JobRefused(f"a job may not call {str(self.func_name)[:200]} of an object that it carries itself")
        if not isinstance(self.func_name, str):
            raise JobRefused("a job names no function")
        return resolve(self.func_name)

    @property
    def success_callback(self) -> Any:
        self._resolve_callback("success")
        return super().success_callback

    @property
    def failure_callback(self) -> Any:
        self._resolve_callback("failure")
        return super().failure_callback

    @property
    def stopped_callback(self) -> Any:
        self._resolve_callback("stopped")
        return super().stopped_callback

    def _resolve_callback(self, kind: str) -> None:
        """Before RQ would import it."""
        path = getattr(self, f"_{kind}_callback_name")
        if path and getattr(self, f"_{kind}_callback") is UNEVALUATED and not self._is_pickled:
            setattr(self, f"_{kind}_callback", resolve(path))

    @property
    def _is_pickled(self) -> bool:
        return bytes(self.data[:1]) == PICKLE_PROTOCOL_MARK
