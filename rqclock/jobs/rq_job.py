"""`rqclock.Job`, the job class of our workers (`RQ_JOB_CLASS`, or `rq worker -j rqclock.Job`)."""

from __future__ import annotations

import json
from typing import Any

from rq.exceptions import DeserializationError
from rq.job import UNEVALUATED
from rq.job import Job as RqJob
from rq.serializers import DefaultSerializer
from rq.utils import get_call_string

from rqclock.jobs.job_modules import JobRefused, resolve
from rqclock.jobs.serializer import PICKLE_PROTOCOL_MARK, JobSerializer
from rqclock.masks import find, mask_call, mask_values, project_wide, secret_values, sensitive_arguments

OPTIONS = "__rqclock__"  # as in rqclock.jobs.decorator, which stands above


class JobUnreadable(DeserializationError):  # type: ignore[misc, unused-ignore]
    """A job whose arguments this worker does not read; RQ's own class for it carries no reason."""


class Job(RqJob):
    """An RQ job whose arguments are JSON, and that may name functions of known modules only.

    Which format a stored job has is told by its own bytes. The list of modules does not hold for pickles, where those
    are allowed at all: a pickle runs what it likes while it is read.
    """

    def __init__(self, id: str | None = None, connection: Any = None, serializer: Any = None) -> None:
        self._sensitive: dict[str, Any] | None = None
        super().__init__(id, connection=connection, serializer=serializer)
        if self.serializer is DefaultSerializer:  # RQ's pickle is nobody's choice here, only its default
            self.serializer = JobSerializer

    def get_call_string(self) -> str | None:
        """The description where nobody gave one, without sensitive arguments."""
        args, kwargs = mask_call(self.sensitive, self.args, self.kwargs)
        return get_call_string(self.func_name, args, kwargs, max_length=75)

    @property
    def sensitive(self) -> dict[str, Any]:
        """Which arguments nobody may see, see `rqclock.masks.sensitive_arguments`; as said when it was queued."""
        if self._sensitive is None:
            function = find(str(self.func_name))
            names = (*getattr(getattr(function, OPTIONS, None), "sensitive", ()), *project_wide())
            self._sensitive = sensitive_arguments(function, names) if names else {}
        return self._sensitive

    @property
    def secrets(self) -> list[str]:
        """The texts of those arguments. Raises JobUnreadable."""
        return secret_values(self.sensitive, self.args, self.kwargs) if self.sensitive else []

    def restore(self, raw_data: Any) -> None:
        super().restore(raw_data)
        said = raw_data.get(b"sensitive")
        self._sensitive = json.loads(said) if said else None

    def to_dict(self, include_meta: bool = True, include_result: bool = True) -> dict[str, Any]:
        fields: dict[str, Any] = super().to_dict(include_meta=include_meta, include_result=include_result)
        if not self._is_pickled and self.sensitive:
            fields["sensitive"] = json.dumps(self.sensitive)
        return fields

    def _handle_failure(self, exc_string: str, *args: Any, **named: Any) -> None:
        super()._handle_failure(mask_values(exc_string, self._known_secrets()), *args, **named)

    def _known_secrets(self) -> list[str]:
        try:
            return self.secrets
        except DeserializationError:  # then nobody here knows them, and no argument can stand in the error
            return []

    def _deserialize_data(self) -> None:
        try:
            super()._deserialize_data()  # type: ignore[no-untyped-call]
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
