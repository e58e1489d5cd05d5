"""Rules on the workers that live: one for each queue, and none that could lose what it takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import redis

from rqclock.doctor.check import Check, failure, ok, unknown, warning
from rqclock.store.replies import text

NAME = "workers"
LINE = "rq worker -c rqclock.rq_settings -w rqclock.Worker -j rqclock.Job"  # as in the Procfile: -c reads our variables
FIELDS = ("birth", "death", "queues", "hostname", "worker_class")


@dataclass(frozen=True)
class Living:
    """A worker as its record in Redis has it. `ours`: it is an rqclock.Worker."""

    name: str
    queues: tuple[str, ...]
    host: str
    ours: bool


def read(connection: redis.Redis, prefix: str) -> list[Living]:
    """Those that are registered and not dead. Raises redis.RedisError."""
    keys = sorted(text(key) for key in connection.smembers(f"{prefix}:workers"))
    pipeline = connection.pipeline(transaction=False)
    for key in keys:
        pipeline.hmget(key, *FIELDS)
    answers = pipeline.execute(raise_on_error=False) if keys else []
    records = zip(keys, answers, strict=True)
    return [
        _living(key.removeprefix(f"{prefix}:worker:"), record)
        for key, record in records
        if isinstance(record, list) and record[0] and not record[1]
    ]


def _living(name: str, record: list[bytes | None]) -> Living:
    _, _, queues, host, kind = (text(value) if value else "" for value in record)
    return Living(name, tuple(queue for queue in queues.split(",") if queue), host, bool(kind))


def judge(workers: list[Living], wanted: Mapping[str, Iterable[str]]) -> Iterator[Check]:
    """`wanted`: queue → the names of schedules whose jobs go there."""
    served = {queue for worker in workers for queue in worker.queues}
    for queue, schedules in sorted(wanted.items()):
        if queue not in served:
            yield _missing(queue, sorted(schedules))
    if set(wanted) <= served:
        yield _all(workers)
    many = [worker for worker in workers if not worker.ours and len(worker.queues) > 1]
    if many:
        yield _several(many)


def promised(served: tuple[str, ...], wanted: Mapping[str, Iterable[str]]) -> Iterator[Check]:
    """Before a deploy, when no worker has to live yet: whether the settings name every queue of a schedule."""
    missing = sorted(set(wanted) - set(served))
    if missing:
        what = f"RQCLOCK_QUEUES={','.join(served)} lacks {', '.join(missing)}"
        yield unknown("queues", what, remedy="a worker's line must name what is missing, or the variable")


def _all(workers: list[Living]) -> Check:
    if not workers:
        return warning(
            NAME,
            "none live",
            why="no schedule names a queue yet, and nobody would take what an application queues",
            remedy=f"start one: {LINE}",
        )
    count = f"{len(workers)} live" if len(workers) > 1 else "1 lives"
    return ok(NAME, f"{count}; every queue of a schedule has one")


def _missing(queue: str, schedules: list[str]) -> Check:
    shown = ", ".join(schedules[:3]) + (f" and {len(schedules) - 3} more" if len(schedules) > 3 else "")
    return failure(
        NAME,
        f"none takes jobs from queue {queue} ({shown})",
        why="they are queued, and wait there for ever",
        remedy=f'{LINE} {queue}, or add it to RQCLOCK_QUEUES; or correct @job(queue="…") above the function',
        stops_deploy=False,
    )


def _several(workers: list[Living]) -> Check:
    shown = "; ".join(f"{one.name[:12]} on {one.host}: {', '.join(one.queues)}" for one in workers[:3])
    more = f"; and {len(workers) - 3} more" if len(workers) > 3 else ""
    return warning(
        NAME,
        f"stock workers take from several queues ({shown}{more})",
        why="from several queues RQ's own worker takes a job off its list before it is written down anywhere else; "
        "killed in that moment, or with the reply lost, the job is in no list. The clock finds a schedule's job again "
        "in 20 s and an application's within 10 minutes; without a clock it is lost",
        remedy="-w rqclock.Worker moves jobs in one step from any number of queues; or one stock worker for each",
    )
