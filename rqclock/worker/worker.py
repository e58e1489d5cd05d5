"""`rqclock.Worker`: RQ's worker class, with horses that are kept. RQ's options, records and commands as they were."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import redis
import rq
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import worker_registration
from rq.command import parse_payload
from rq.defaults import DEFAULT_LOGGING_DATE_FORMAT, DEFAULT_LOGGING_FORMAT
from rq.executions import Execution
from rq.job import Job as RqJob
from rq.job import JobStatus
from rq.logutils import setup_loghandlers
from rq.queue import Queue
from rq.timeouts import JobTimeoutException
from rq.utils import now
from rq.worker.base import DequeueStrategy

from rqclock.rq_job import Job
from rqclock.settings import Settings
from rqclock.worker.context import Surroundings
from rqclock.worker.fallen import PATIENCE, Deadline, GivenUp
from rqclock.worker.horse import Task, Wear
from rqclock.worker.stable import Stable
from rqclock.worker.stall import InHand
from rqclock.worker.trouble import Noting, passes, ride_out

ANSWER_TIMEOUT = 2.0  # seconds for one answer of Redis: the parent must stay able to act
COUNTED = ("retries_left", "number_of_retries", "repeats_left", "repeat_intervals")  # what RQ changes in a job
FAREWELL = 1.0  # seconds to sign off at the end

log = logging.getLogger("rqclock.worker")


class Worker(rq.Worker):
    """Runs jobs in processes that are kept for many of them; `WORKER_CONCURRENCY` of them side by side."""

    connection: Noting
    job_class: type[RqJob] = Job

    def __init__(self, queues: Any, *args: Any, job_class: Any = None, **options: Any) -> None:
        self.settings = Settings.read(os.environ)
        stock = job_class is None or job_class is RqJob  # RQ's own reads pickles
        super().__init__(queues, *args, job_class=Job if stock else job_class, **options)
        self.pausing: Callable[[float], None] = time.sleep
        self.surroundings = Surroundings()
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

    def bootstrap(self, *args: Any, **options: Any) -> None:
        setup_loghandlers(*args, name=log.name, **options)
        if log.level == logging.NOTSET:
            log.setLevel(logging.INFO)  # as RQ does with its own
        ride_out(lambda: super(Worker, self).bootstrap(*args, **options), time.sleep)

    def register_birth(self) -> None:
        if self.birth_date is not None:  # a second try: the first may have been written
            self.connection.delete(self.key)
        super().register_birth()

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
                pipeline.hset(self.key, mapping=self.serialize())
                worker_registration.register(self, pipeline)
                pipeline.expire(self.key, self.worker_ttl + 60)
                pipeline.execute()

    def keep_house(self) -> None:
        """RQ's maintenance, when it is due."""
        if not self.should_run_maintenance_tasks:
            return
        self.pausing = Deadline(PATIENCE)
        try:
            self.run_maintenance_tasks()
        except redis.RedisError:
            raise
        except Exception:  # one job that RQ can't read must not end the worker
            self.last_cleaned_at = now()
            log.exception("maintenance was left off")

    def _set_connection(self, connection: redis.Redis) -> Noting:
        """Our own connections: RQ's wait 415 s for an answer, and redis-py's retries would send a command twice."""
        pool = connection.connection_pool
        options = {
            **pool.connection_kwargs,
            "socket_timeout": ANSWER_TIMEOUT,
            "socket_connect_timeout": ANSWER_TIMEOUT,
            "retry": Retry(NoBackoff(), 0),
        }
        if type(pool) in (redis.ConnectionPool, redis.BlockingConnectionPool):
            return Noting(connection_pool=redis.ConnectionPool(connection_class=pool.connection_class, **options))
        pool.connection_kwargs.update(options)  # Sentinel's pool finds the server itself
        return Noting(connection_pool=pool)

    # --- commands that come by Redis

    def subscribe(self) -> None:
        """Without RQ's thread: a process that forks has one."""
        self.pubsub = self.connection.pubsub()
        self.pubsub.subscribe(**{self.pubsub_channel_name: self.handle_payload})

    def unsubscribe(self) -> None:
        if self.pubsub is not None:
            self.pubsub.close()

    def ears(self) -> list[int]:
        """Descriptors on which commands come."""
        connection = self.pubsub.connection if self.pubsub else None
        if connection is None or connection._sock is None:
            return []
        return [connection._sock.fileno()]

    def hear(self, ready: list[Any]) -> None:
        """Do what was asked. A lost connection is made anew at the next beat."""
        if not set(self.ears()) & set(ready):
            return
        try:
            while self.pubsub.get_message(ignore_subscribe_messages=False, timeout=0):
                pass
        except redis.RedisError as error:
            log.warning("commands cannot be heard: %s", error)
            if self.pubsub.connection is not None:
                self.pubsub.connection.disconnect()
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning("a command that cannot be read: %s", error)

    def handle_payload(self, message: Any) -> None:
        """RQ's commands, for each horse by what it has in hand."""
        payload = parse_payload(message)
        stable, command = self._stable, payload["command"]
        if stable is None:
            return
        if command == "shutdown":
            log.info("asked to shut down")
            stable.ask_to_stop()
        elif command == "kill-horse":
            stable.kill("", lambda taken: True)
        elif command in ("stop-job", "stop-execution"):
            self._stop(stable, payload)

    def _stop(self, stable: Stable, payload: dict[str, Any]) -> None:
        job_id, execution = payload.get("job_id"), payload.get("execution_id")

        def matches(taken: InHand) -> bool:
            return taken.execution == execution if execution else taken.job_id == job_id

        if not stable.kill("stop", matches):
            log.warning("asked to stop job %s, which does not run here", job_id)

    # --- one job, in the horse

    def perform_job(self, job: RqJob, queue: Queue, execution: Execution) -> bool:
        """Run it, and write how it ended. Whether it ended well."""
        try:
            with self.surroundings.around(job):
                self._run(job, queue, execution)
        except BaseException:  # whatever it raises, its end must be written
            self._finalize_failure(job, queue, execution, sys.exc_info())
            return False
        return bool(job._status != JobStatus.FAILED)

    def _run(self, job: RqJob, queue: Queue, execution: Execution) -> None:
        job.started_at = now()
        timeout = job.timeout or self.queue_class.DEFAULT_TIMEOUT
        with self.death_penalty_class(timeout, JobTimeoutException, job_id=job.id):
            value = job.perform()
        self._finalize_success(job, queue, execution, value)

    def handle_execution_ended(self, job: RqJob, queue: Queue, heartbeat_ttl: int) -> None:
        job.ended_at = now()  # the parent beats for it

    def handle_job_success(self, job: RqJob, *args: Any, **named: Any) -> None:
        step = super().handle_job_success
        self._settle(lambda: step(job, *args, **named), job, named["execution"])

    def handle_job_failure(self, job: RqJob, *args: Any, **named: Any) -> None:
        step = super().handle_job_failure
        self._settle(lambda: step(job, *args, **named), job, named.get("execution"))

    def handle_job_retry(self, job: RqJob, *args: Any, **named: Any) -> None:
        step = super().handle_job_retry
        self._settle(lambda: step(job, *args, **named), job, named["execution"])

    def _settle(self, step: Callable[[], None], job: RqJob, execution: Execution | None) -> None:
        """Write how a job ended, until Redis has it, and only once: a reply may be lost."""
        counted = {name: getattr(job, name) for name in COUNTED}
        stopped, tried = self._stopped_job_id, False

        def once() -> None:
            nonlocal tried
            if tried and execution is not None and self._is_settled(job, execution):
                return
            tried, self._stopped_job_id = True, stopped
            for name, value in counted.items():
                setattr(job, name, value)
            self.connection.failure = None
            step()
            failure = self.connection.failure
            if failure is not None and passes(failure):
                raise failure

        ride_out(once, self.pausing)

    def _is_settled(self, job: RqJob, execution: Execution) -> bool:
        """The transaction that ends a job removes its execution; an outage may have outlived that too."""
        with self.connection.pipeline(transaction=False) as pipeline:
            pipeline.exists(execution.key)
            pipeline.hget(job.key, "status")
            there, status = pipeline.execute()
        return not there and status != JobStatus.STARTED.value.encode()
