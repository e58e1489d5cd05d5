"""`@job`: how a function is run (queue, timeout, retries, lives of results), said once, above the function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar, cast, overload

from rqclock.errors import ConfigurationError
from rqclock.jobs import job_modules, option_values
from rqclock.jobs.arguments import check_call, check_delay, check_names
from rqclock.jobs.serializer import JobSerializer

if TYPE_CHECKING:
    from redis import Redis
    from redis.client import Pipeline
    from rq import Queue, Retry
    from rq.job import Job

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)

DEFAULT_TIMEOUT = 180  # seconds, as in RQ
MAX_ATTEMPTS = 3  # how often a job may lose its worker
OPTIONS = "__rqclock__"


@dataclass(frozen=True)
class JobOptions:
    """How RQ runs a job. Seconds, except `retries` (None: nobody said) and `max_attempts`.

    `intervals` are those between attempts, the last one for all further ones; `spread` if they are ours to be spread.
    """

    queue: str = "default"
    timeout: int = DEFAULT_TIMEOUT
    retries: int | None = None
    intervals: tuple[int, ...] = ()
    result_ttl: int | None = None
    failure_ttl: int | None = None
    ttl: int | None = None
    description: str | None = None
    max_attempts: int = MAX_ATTEMPTS
    spread: bool = False
    sensitive: tuple[str, ...] = ()

    def retry(self) -> Retry | None:
        """RQ's own form of `retries` and `intervals`."""
        from rq import Retry

        return Retry(self.retries, list(self.intervals) or 0) if self.retries else None

    def for_create_job(self) -> dict[str, Any]:
        """The keyword arguments of RQ's `Queue.create_job`."""
        return {
            "timeout": self.timeout,
            "result_ttl": self.result_ttl,
            "failure_ttl": self.failure_ttl,
            "ttl": self.ttl,
            "description": self.description,
            "retry": self.retry(),
        }


class JobFunction(Protocol[P, R_co]):
    """A function under `@job`: called, it just runs; its methods put it on its queue."""

    __name__: str
    __module__: str

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...

    @property
    def enqueue(self) -> Callable[P, Job]:
        """Queue it now. Raises TypeError for arguments that it does not take or JSON not carry, redis.RedisError."""

    @property
    def enqueue_in(self) -> Callable[Concatenate[timedelta, P], Job]:
        """Queue it after a time."""

    @property
    def enqueue_at(self) -> Callable[Concatenate[datetime, P], Job]:
        """Queue it at an instant (a datetime with its zone)."""


@overload
def job(function: Callable[P, R_co], /) -> JobFunction[P, R_co]: ...


@overload
def job(
    *,
    queue: str = ...,
    timeout: int | str | timedelta = ...,
    retry: int | Retry | None = ...,
    **lives: Any,
) -> Callable[[Callable[P, R_co]], JobFunction[P, R_co]]: ...


def job(
    function: Any = None,
    /,
    *,
    queue: str = "default",
    timeout: int | str | timedelta = DEFAULT_TIMEOUT,
    retry: int | Retry | None = None,
    **lives: Any,
) -> Any:
    """Say how a function is run by workers: `@job`, or `@job(queue="mail", timeout="10m")`.

    `timeout` and the lives `result_ttl`, `failure_ttl`, `ttl` are seconds, RQ's texts ("10m") or timedeltas;
    `retry` is a number of further attempts (with growing pauses) or RQ's `Retry`; `description` is free text;
    a job whose worker died `max_attempts` times (3) is not queued again; `sensitive=("email",)` names arguments that
    no log, description or page shows.
    Raises ConfigurationError for a value that RQ would refuse, an unknown option, or a sensitive name it does not take.
    """
    if function is not None and not callable(function):  # RQ's own decorator takes the queue so
        raise ConfigurationError(f"@job({function!r}): say @job(queue={function!r})")
    options = _options(queue, timeout, retry, lives)

    def decorate(function: Callable[P, R_co]) -> JobFunction[P, R_co]:
        check_names(function, options.sensitive)
        setattr(function, OPTIONS, options)
        job_modules.name(function)
        function.enqueue = lambda *args, **kwargs: _enqueue(function, args, kwargs)  # type: ignore[attr-defined]
        function.enqueue_in = lambda delay, *args, **kwargs: _enqueue_in(function, delay, args, kwargs)  # type: ignore[attr-defined]
        function.enqueue_at = lambda when, *args, **kwargs: _enqueue_at(function, when, args, kwargs)  # type: ignore[attr-defined]
        return cast("JobFunction[P, R_co]", function)

    return decorate if function is None else decorate(function)


def options_of(function: Callable[..., Any] | str) -> JobOptions:
    """What `@job` said of the function; RQ's defaults where it said nothing."""
    found = getattr(function, OPTIONS, None)
    return found if isinstance(found, JobOptions) else JobOptions()


def path_of(function: Callable[..., Any] | str) -> str:
    """The dotted path by which a worker imports the function; a text is one already."""
    return function if isinstance(function, str) else f"{function.__module__}.{function.__qualname__}"


def _options(queue: str, timeout: Any, retry: Any, lives: dict[str, Any]) -> JobOptions:
    retries, intervals = option_values.retries(retry)
    values = option_values.read(queue, timeout, lives)
    return JobOptions(retries=retries, intervals=intervals, spread=isinstance(retry, int) and retry > 0, **values)


def queue_for(function: Callable[..., Any] | str, connection: Redis, name: str | None = None) -> Queue:
    """The queue of the function's jobs, which are JSON."""
    from rq import Queue

    from rqclock.jobs.rq_job import Job

    queue = name or options_of(function).queue
    return Queue(queue, connection=connection, job_class=Job, serializer=JobSerializer)


def build(queue: Queue, function: Callable[..., Any] | str, args: Any, kwargs: dict[str, Any], **options: Any) -> Job:
    """The job, as `@job` says; `options` of RQ's `create_job` go before. Raises TypeError for a call that fails."""
    check_call(function, path_of(function), args, kwargs)
    options = options_of(function).for_create_job() | options
    return queue.create_job(path_of(function), args=args, kwargs=kwargs, **options)


def mark(job: Job, function: Callable[..., Any] | str, pipeline: Pipeline) -> None:
    """Write into a job's hash what `@job` says and RQ does not know."""
    most = options_of(function).max_attempts
    if most != MAX_ATTEMPTS:
        pipeline.hset(job.key, "max_attempts", most)


def check_zone(function: Callable[..., Any] | str, when: datetime) -> None:
    """Raise ValueError for an instant without a zone: whose nine o'clock it is, nobody knows."""
    if when.tzinfo is None:
        raise ValueError(f"{path_of(function)}.enqueue_at: {when} has no time zone; say datetime(…, tzinfo=UTC)")


def _enqueue(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Job:
    queue = _application_queue(function)
    job, pipeline = build(queue, function, args, kwargs), queue.connection.pipeline()
    queue.enqueue_job(job, pipeline=pipeline)
    mark(job, function, pipeline)
    pipeline.execute()
    return job


def _enqueue_at(function: Callable[..., Any], when: datetime, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Job:
    check_zone(function, when)
    queue = _application_queue(function)
    job, pipeline = build(queue, function, args, kwargs), queue.connection.pipeline()
    mark(job, function, pipeline)
    queue.schedule_job(job, when, pipeline=pipeline)
    pipeline.zadd(queue.scheduled_job_registry.key, {job.id: when.timestamp()})  # RQ cuts the fraction off: too early
    pipeline.execute()
    return job


def _enqueue_in(function: Callable[..., Any], delay: timedelta, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Job:
    check_delay(path_of(function), delay)
    return _enqueue_at(function, datetime.now(UTC) + delay, args, kwargs)


def _application_queue(function: Callable[..., Any]) -> Queue:
    from rqclock.connection import application_connection

    return queue_for(function, application_connection())
