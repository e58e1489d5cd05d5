"""`rqclock.Job`, the job class of our workers (`RQ_JOB_CLASS`, or `rq worker -j rqclock.Job`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from inspect import getattr_static
from typing import Any

from rq.exceptions import DeserializationError
from rq.job import UNEVALUATED
from rq.job import Job as RqJob
from rq.serializers import DefaultSerializer
from rq.utils import get_call_string

from rqclock.jobs.attempts import attempt
from rqclock.jobs.job_modules import JobRefused, resolve
from rqclock.jobs.serializer import PICKLE_PROTOCOL_MARK, JobSerializer
from rqclock.logs import hide
from rqclock.masks import find, mask_call, mask_values, project_wide, secret_values, sensitive_arguments

OPTIONS = "__rqclock__"  # as in rqclock.jobs.decorator, which stands above
LONGEST = 18  # digits of a number in a job's hash
REFUSED_RETRIES = 5  # amid a deploy the next worker may know the function; a forged job may ask for millions


class JobUnreadable(DeserializationError):  # type: ignore[misc, unused-ignore]
    """A job whose arguments this worker does not read; RQ's own class for it carries no reason."""


class Job(RqJob):
    """An RQ job whose arguments are JSON, and that may name functions of known modules only.

    Which format a stored job has is told by its own bytes. The list of modules does not hold for pickles, where those
    are allowed at all: a pickle runs what it likes while it is read.
    """

    def __init__(self, id: str | None = None, connection: Any = None, serializer: Any = None) -> None:
        self._sensitive: dict[str, Any] | None = None
        self._told: Mapping[bytes, bytes] = {}
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
            names = (*getattr(getattr_static(function, OPTIONS, None), "sensitive", ()), *project_wide())
            self._sensitive = sensitive_arguments(function, names) if names else {}
        return self._sensitive

    @property
    def secrets(self) -> list[str]:
        """The texts of those arguments. Raises JobUnreadable."""
        return secret_values(self.sensitive, self.args, self.kwargs) if self.sensitive else []

    @property
    def facts(self) -> dict[str, Any]:
        """What log lines say of it: its schedule, which run of it (`tick`), which attempt."""
        ours = {name: self._count(name) for name in ("attempts", "lost", "requeued")}
        number = attempt(left=self.retries_left, returned=self.number_of_retries, **ours)
        facts: dict[str, Any] = {"job_id": self.id, "worker": self.worker_name, "attempt": number}
        if (schedule := self._told.get(b"schedule")) is not None:
            facts["schedule"] = schedule.decode(errors="replace")
        if (planned := self._count("scheduled_for")) is not None:
            with suppress(ValueError, OverflowError, OSError):  # whoever wrote it may have written any number
                facts["tick"] = f"{datetime.fromtimestamp(planned, UTC):%Y-%m-%dT%H:%M:%SZ}"
        return facts

    def _count(self, name: str) -> int | None:
        value = self._told.get(name.encode(), b"")
        return int(value) if value.isdigit() and len(value) <= LONGEST else None

    def restore(self, raw_data: Any) -> None:
        super().restore(raw_data)
        self._told = raw_data
        said = raw_data.get(b"sensitive")
        self._sensitive = _sensitive(said) if said else None

    def to_dict(self, include_meta: bool = True, include_result: bool = True) -> dict[str, Any]:
        fields: dict[str, Any] = super().to_dict(include_meta=include_meta, include_result=include_result)
        if not self._is_pickled and self.sensitive:
            fields["sensitive"] = json.dumps(self.sensitive)
        return fields

    def perform(self) -> Any:
        hide(self.known_secrets)
        return super().perform()  # type: ignore[no-untyped-call, unused-ignore]

    def _handle_failure(self, exc_string: str, *args: Any, **named: Any) -> None:
        super()._handle_failure(mask_values(exc_string, self.known_secrets), *args, **named)

    def send_webhooks(self, status: Any, *, exc_string: str | None = None) -> None:
        shown = mask_values(exc_string, self.known_secrets) if exc_string else exc_string
        super().send_webhooks(status, exc_string=shown)

    @property
    def known_secrets(self) -> list[str]:
        """The same, none of a job that cannot be read: then no argument can stand in its error."""
        try:
            return self.secrets
        except (DeserializationError, TypeError, AttributeError):
            return []

    def _deserialize_data(self) -> None:
        try:
            super()._deserialize_data()  # type: ignore[no-untyped-call]
        except DeserializationError as error:
            self._try_less()
            cause = error.__cause__ or error
            raise JobUnreadable(str(cause) or type(cause).__name__) from cause

    @property
    def func(self) -> Any:
        if self._is_pickled:
            return super().func
        try:
            return self._allowed()
        except JobRefused:
            self._try_less()
            raise

    def _allowed(self) -> Any:
        if self.instance is not None:
            raise JobRefused(f"a job may not call {str(self.func_name)[:200]} of an object that it carries itself")
        if not isinstance(self.func_name, str):
            raise JobRefused("a job names no function")
        return resolve(self.func_name)

    def _try_less(self) -> None:
        if self.retries_left is not None:
            self.retries_left = min(self.retries_left, REFUSED_RETRIES)

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


def _sensitive(said: bytes) -> dict[str, Any]:
    """Nothing where nobody of us has written it: a job that cannot be restored makes RQ's own worker leave."""
    try:
        found = json.loads(said)
    except (ValueError, RecursionError):
        return {}
    lists = isinstance(found, dict) and all(isinstance(found.get(name, []), list) for name in ("args", "kwargs"))
    return found if lists else {}
