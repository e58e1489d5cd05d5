"""`rqclock.Worker`: RQ's worker class, with horses that are kept. RQ's options, records and commands as they were."""

from __future__ import annotations

import logging
import os
import sys
import time
from contextlib import suppress
from typing import Any

import click
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import worker_registration
from rq.defaults import DEFAULT_LOGGING_DATE_FORMAT, DEFAULT_LOGGING_FORMAT
from rq.job import Job as RqJob
from rq.logutils import setup_loghandlers
from rq.utils import now
from rq.worker.base import DequeueStrategy

from rqclock import sentry
from rqclock.application import set_up
from rqclock.connection import renewed, shared_options
from rqclock.errors import ConfigurationError
from rqclock.jobs.rq_job import Job
from rqclock.settings import Settings
from rqclock.worker.commands import Commands
from rqclock.worker.context import Surroundings
from rqclock.worker.ending import Ending
from rqclock.worker.fallen import PATIENCE, Deadline, GivenUp
from rqclock.worker.horse import Task, Wear
from rqclock.worker.stable import LIFE, Stable
from rqclock.worker.trouble import Noting, ride_out

ANSWER_TIMEOUT = 2.0  # seconds for one answer of Redis: the parent must stay able to act
OF_VERSION_3 = ("maint_", "orig_")  # options that redis-py adds for the newer protocol and refuses with the older
FAREWELL = 1.0  # seconds to sign off at the end

log = logging.getLogger("rqclock.worker")


class Worker(Ending):
    """Runs jobs in processes that are kept for many of them; `WORKER_CONCURRENCY` of them side by side."""

    log_result_lifespan = False  # RQ would say after each job how long its result is kept
    job_class: type[RqJob] = Job

    def __init__(self, queues: Any, name: str | None = None, *, job_class: Any = None, **options: Any) -> None:
        self.settings, parts = _as_configured()
        stock = job_class is None or job_class is RqJob  # RQ's own reads pickles
        super().__init__(queues, name, job_class=Job if stock else job_class, **options)
        self.surroundings = Surroundings((*parts, *sentry.parts()))
        self._stable: Stable | None = None
        for queue in self.queues:
            queue.connection, queue.job_class = self.connection, self.job_class

    # --- the loop

    def work(
        self,
        burst: bool = False,
        logging_level: str | None = None,
        date_format: str = DEFAULT_LOGGING_DATE_FORMAT,
        log_format: str = DEFAULT_LOGGING_FORMAT,
        max_jobs: int | None = None,
        max_idle_time: int | None = None,
        with_scheduler: bool = False,
        dequeue_strategy: DequeueStrategy = DequeueStrategy.DEFAULT,
    ) -> bool:
        """Run jobs until told to stop, or until the burst, the number of jobs or the idle time is over.

        Whether any job was run. RQ's signature, hence its many parameters.
        """
        self.bootstrap(logging_level, date_format, log_format)
        self._dequeue_strategy = dequeue_strategy
        if with_scheduler:
            self._start_scheduler(burst, logging_level, date_format, log_format)
        settings = self.settings
        wear = Wear(settings.horse_jobs, settings.horse_memory, settings.horse_age)
        self._stable = Stable(
            self,
            Task(burst, max_jobs, wear),
            count=settings.concurrency,
            grace=settings.grace,
            idle=max_idle_time,
        )
        try:
            self.keep_house()
            return bool(self._stable.run())
        finally:
            self.teardown()

    def bootstrap(
        self,
        logging_level: str | None = "INFO",
        date_format: str = DEFAULT_LOGGING_DATE_FORMAT,
        log_format: str = DEFAULT_LOGGING_FORMAT,
    ) -> None:
        setup_loghandlers(logging_level, date_format, log_format, name=log.name)
        if log.level == logging.NOTSET:
            log.setLevel(logging.INFO)  # as RQ does with its own
        start = super().bootstrap
        ride_out(lambda: start(logging_level, date_format, log_format), time.sleep)

    def register_birth(self) -> None:
        if self.birth_date is not None:  # a second try: the first may have been written
            self.connection.delete(self.key)
        super().register_birth()  # type: ignore[no-untyped-call]

    def serialize(self) -> dict[Any, Any]:
        """The record of this worker; it says whose class this is, so that `rqclock doctor` can tell ours from RQ's."""
        return super().serialize() | {"worker_class": "rqclock.Worker"}

    def teardown(self) -> None:
        """Sign off, if Redis takes it in time: who watches us notices soon anyway."""
        with suppress(GivenUp):
            ride_out(super().teardown, Deadline(FAREWELL))

    def beat(self) -> None:
        """Tell that this worker is alive, and who it is in case an outage has outlived its records."""
        with self.connection.pipeline() as pipeline:
            self.heartbeat(pipeline=pipeline)
            new, *_ = pipeline.execute()
            if new:
                identity: Any = self.serialize()
                pipeline.hset(self.key, mapping=identity)
                worker_registration.register(self, pipeline)
                pipeline.expire(self.key, self.worker_ttl + 60)
                pipeline.execute()

    def get_heartbeat_ttl(self, job: RqJob, working_time: float = 0.0) -> int:
        """Shorter than RQ's, for our parent beats more often: a dead worker is noticed the sooner."""
        return LIFE

    def keep_house(self) -> None:
        """RQ's maintenance, when it is due."""
        if not self.should_run_maintenance_tasks:
            return
        self.pausing = Deadline(PATIENCE)
        try:
            self.run_maintenance_tasks()  # type: ignore[no-untyped-call]
        except redis.RedisError:
            raise
        except Exception:  # one job that RQ can't read must not end the worker
            self.last_cleaned_at = now()  # type: ignore[assignment]
            log.exception("maintenance was left off")

    def _set_connection(self, connection: redis.Redis) -> Noting:
        """Our own connections: RQ's wait 415 s for an answer, and redis-py's retries would send a command twice."""
        pool = connection.connection_pool
        options = {
            **{name: value for name, value in pool.connection_kwargs.items() if not name.startswith(OF_VERSION_3)},
            **shared_options(self.settings, "worker"),
            "socket_timeout": ANSWER_TIMEOUT,
            "retry": Retry(NoBackoff(), 0),
        }
        if type(pool) in (redis.ConnectionPool, redis.BlockingConnectionPool):
            kind = renewed(pool.connection_class)
            return Noting(connection_pool=redis.ConnectionPool(connection_class=kind, **options))
        pool.connection_kwargs = options  # Sentinel's pool finds the server itself
        return Noting(connection_pool=pool)

    # --- commands that come by Redis

    def subscribe(self) -> None:
        """Without RQ's thread: a process that forks has one."""
        self.commands = Commands(self.connection.pubsub(), self.pubsub_channel_name)  # type: ignore[no-untyped-call]

    def unsubscribe(self) -> None:
        self.commands.close()

    def handle_payload(self, message: Any) -> None:
        """One of RQ's commands, as it came."""
        if self._stable is not None:
            self.commands.obey(message, self._stable)


def _as_configured() -> tuple[Settings, tuple[Any, ...]]:
    """Our settings, and what the application's set-up returned. Raises ConfigurationError.

    RQ's command, which would show a traceback of that, ends with one line and with 2.
    """
    try:
        return Settings.read(os.environ), set_up()
    except ConfigurationError as error:
        if click.get_current_context(silent=True) is None:
            raise
        print(f"rqclock: {error}", file=sys.stderr)
        raise SystemExit(2) from error
