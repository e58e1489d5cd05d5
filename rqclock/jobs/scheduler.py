"""`rqclock.Scheduler`: rq-scheduler's way to plan a job once, for applications that have it in their code.

The clock brings such jobs to their queues; `rqscheduler`, the daemon, is not needed. What recurs belongs in clock.py.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import redis
from rq.defaults import RQ_KEY_PREFIX
from rq.job import Job, JobStatus
from rq_scheduler import Scheduler as RqScheduler

from rqclock.connection import application_connection
from rqclock.errors import ConfigurationError
from rqclock.jobs import decorator as jobs
from rqclock.jobs.rq_job import Job as OurJob

OPTIONS = {
    "timeout": "timeout",
    "job_ttl": "ttl",
    "job_result_ttl": "result_ttl",
    "job_description": "description",
}


class Scheduler(RqScheduler):  # type: ignore[misc]
    """Plans one-off jobs, as `@job` above the function says how they run: queue, timeout, retries, lives.

    Keys carry RQ's prefix, jobs are `rqclock.Job` (JSON), and a job and its time are written in one transaction: with
    rq-scheduler's two, a connection lost between them leaves a job that nobody will ever run.
    """

    redis_scheduler_namespace_prefix = f"{RQ_KEY_PREFIX}:scheduler_instance:"
    scheduler_key = f"{RQ_KEY_PREFIX}:scheduler"
    scheduler_lock_key = f"{RQ_KEY_PREFIX}:scheduler_lock"
    scheduled_jobs_key = f"{RQ_KEY_PREFIX}:scheduler:scheduled_jobs"
    job_class = OurJob

    def __init__(self, queue_name: str | None = None, connection: redis.Redis | None = None, **options: Any) -> None:
        """`queue_name` goes before what `@job` says; without `connection` the environment's Redis is used."""
        self._queue_named = queue_name
        super().__init__(queue_name or "default", connection=connection or application_connection(), **options)

    def enqueue_at(self, scheduled_time: datetime, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Job:
        """Plan the call for an instant, a datetime with its zone.

        rq-scheduler's own keywords (`timeout`, `job_id`, `job_ttl`, `job_result_ttl`, `job_description`, `queue_name`,
        `meta`, `at_front`) go before what `@job` says. Raises ValueError for a time without a zone, TypeError for
        arguments that JSON cannot carry, redis.RedisError.
        """
        jobs.check_zone(func, scheduled_time)
        job, front = self._made(func, args, kwargs)
        if front:
            job.enqueue_at_front = True
        pipeline = self.connection.pipeline()
        jobs.mark(job, func, pipeline)
        job.save(pipeline=pipeline)
        job.cleanup(ttl=job.ttl, pipeline=pipeline)
        pipeline.sadd(f"{RQ_KEY_PREFIX}:queues", f"{RQ_KEY_PREFIX}:queue:{job.origin}")
        pipeline.zadd(self.scheduled_jobs_key, {job.id: scheduled_time.timestamp()})
        pipeline.execute()
        return job

    def enqueue_in(self, time_delta: timedelta, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Job:
        """Plan the call for so much later."""
        return self.enqueue_at(datetime.now(UTC) + time_delta, func, *args, **kwargs)

    def schedule(self, scheduled_time: datetime, func: Callable[..., Any], *args: Any, **options: Any) -> Job:
        """One call at `scheduled_time`, with rq-scheduler's keywords; an `interval` is refused."""
        if options.pop("interval", None) is not None or options.pop("repeat", None) is not None:
            raise ConfigurationError(_recurs(func, "every(…)"))
        arguments = options.pop("args", None) or (args[0] if args else ())
        keywords = options.pop("kwargs", None) or (args[1] if len(args) > 1 else {})
        renamed = {"id": "job_id", "ttl": "job_ttl", "result_ttl": "job_result_ttl", "description": "job_description"}
        named = {renamed.get(name, name): value for name, value in options.items() if value is not None}
        return self.enqueue_at(scheduled_time, func, *arguments, **keywords, **named)

    def cron(self, cron_string: str, func: Callable[..., Any], *args: Any, **options: Any) -> Job:
        """Refused: a schedule belongs in clock.py."""
        raise ConfigurationError(_recurs(func, f'cron("{cron_string}")'))

    def run(self, burst: bool = False) -> None:
        """Refused: the clock does this, and a daemon killed amid it can lose what recurs."""
        raise ConfigurationError("rqclock.Scheduler has no loop of its own: python clock.py moves its jobs when due")

    def _made(self, func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> tuple[Job, bool]:
        """The job, not saved yet, and whether it goes to the front of its queue."""
        front, queue = bool(kwargs.pop("at_front", False)), kwargs.pop("queue_name", None)
        own = {"job_id": kwargs.pop("job_id", None), "meta": kwargs.pop("meta", None)}
        for name in ("depends_on", "on_success", "on_failure"):
            own[name] = kwargs.pop(name, None)
        said = {OPTIONS[name]: kwargs.pop(name) for name in OPTIONS if kwargs.get(name) is not None}
        queue = queue or self._queue_named
        own["status"] = JobStatus.SCHEDULED
        return jobs.build(jobs.queue_for(func, self.connection, queue), func, args, kwargs, **own | said), front


def _recurs(function: Callable[..., Any], line: str) -> str:
    name = getattr(function, "__qualname__", str(function))
    return f"{name} is to recur: write it in clock.py, as clock.{line}.enqueue({name})"
