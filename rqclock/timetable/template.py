"""A schedule's job as RQ itself would write it, kept to be copied at each tick."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import redis
from rq import Queue
from rq.utils import get_call_string
from rq.version import VERSION

from rqclock.errors import ConfigurationError
from rqclock.jobs.decorator import MAX_ATTEMPTS, JobOptions
from rqclock.jobs.rq_job import Job
from rqclock.jobs.serializer import JobSerializer
from rqclock.masks import mask_call
from rqclock.timetable import retries
from rqclock.timetable.schedules import Schedule, Target

KNOWN_COMMANDS = ("SADD", "HSET", "HSET", "RPUSH")
KNOWN_COMMANDS_WITH_TTL = ("SADD", "HSET", "HSET", "EXPIRE", "EXPIRE", "EXPIRE", "RPUSH")
OUTCOME_LIFE = 30  # seconds
CALL_LENGTH = 75  # characters of each argument, as in RQ
A_SERVER_VERSION = (6, 2, 0)


def fields(schedule: Schedule) -> dict[bytes, bytes]:
    """The hash of the schedule's job, without what each tick sets: `created_at`, `enqueued_at`, `scheduled_for`."""
    options = retries.in_force(schedule)
    written = _recorded(options, schedule)[2][2:]
    hash_ = {_bytes(name): _bytes(value) for name, value in zip(written[::2], written[1::2], strict=True)}
    for of_a_tick in (b"created_at", b"enqueued_at"):
        del hash_[of_a_tick]
    ours = {b"schedule": schedule.name.encode(), b"attempts": str((options.retries or 0) + 1).encode()}
    if options.max_attempts != MAX_ATTEMPTS:
        ours[b"max_attempts"] = str(options.max_attempts).encode()
    if 0 <= (options.result_ttl if options.result_ttl is not None else -1) < OUTCOME_LIFE:
        ours[b"result_ttl"] = str(OUTCOME_LIFE).encode()  # gone sooner, how it ended would never be known
    return hash_ | ours


def call_words(target: Target, sensitive: Mapping[str, Any]) -> str:
    """The job's description where `@job` says none: the call, without these arguments."""
    args, kwargs = mask_call(sensitive, target.args, target.kwargs)
    return get_call_string(target.path, args, kwargs, max_length=CALL_LENGTH) or target.path


@cache
def check(options: JobOptions) -> None:
    """See that RQ enqueues such a job by the commands that the fire script stands for.

    Raises ConfigurationError when it would do anything else (a newer RQ, an option that needs more).
    """
    commands = tuple(str(command[0]) for command in _recorded(options))
    if commands != (KNOWN_COMMANDS_WITH_TTL if options.ttl else KNOWN_COMMANDS):
        raise ConfigurationError(f"RQ {VERSION} enqueues such a job by {' '.join(commands)}: rqclock cannot fire it")


def _recorded(options: JobOptions, schedule: Schedule | None = None) -> list[tuple[Any, ...]]:
    """The commands of RQ's own enqueue, from a pipeline that is never executed."""
    queue = _queue(options.queue)
    path, args, kwargs = ("a.b", (), {}) if schedule is None else _call(schedule)
    job = queue.create_job(path, args=args, kwargs=kwargs, job_id="tick", **options.for_create_job())
    pipeline = queue.connection.pipeline()
    queue.enqueue_job(job, pipeline=pipeline)
    return [command for command, _ in pipeline.command_stack]


def _call(schedule: Schedule) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    return schedule.target.path, schedule.target.args, schedule.target.kwargs


@cache
def _queue(name: str) -> Queue:
    queue = Queue(name, connection=redis.Redis(), job_class=Job, serializer=JobSerializer)
    queue.redis_server_version = A_SERVER_VERSION  # else RQ asks the server by INFO
    return queue


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(getattr(value, "value", value)).encode()
