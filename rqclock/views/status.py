"""How things stand: who leads, what waits, who works, and how each schedule is doing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import redis

from rqclock.acts.activity import ALL
from rqclock.acts.pauses import Pause, Pauses
from rqclock.acts.skips import Skip, Skips
from rqclock.store.in_force import next_run, read_schedules
from rqclock.store.keys import Keys
from rqclock.store.presence import Presence, has_jumped, read_present
from rqclock.store.replies import text
from rqclock.timetable.schedules import Schedule
from rqclock.views.history import Run, read_histories

STRIP = 12


@dataclass(frozen=True)
class ScheduleStatus:
    """One schedule, with its last runs (newest first) and its next one (epoch seconds).

    `paused` says by whom, why, since when and until when (None: till resumed); its `slug` is `*` when all are paused.
    `skip` says which run a person lets out (`tick`), by whom and why.
    """

    name: str
    clock: str
    when: str
    timezone: str
    job: str
    queue: str
    description: str
    owner: str
    enabled: bool
    next: int | None
    next_note: str | None
    file: str
    paused: dict[str, Any] | None = None
    runs: list[Run] = field(default_factory=list)
    skip: dict[str, Any] | None = None


@dataclass(frozen=True)
class Status:
    """All of it, at the instant `at` of the clocks' time. `silent_since` is set when no clock leads.

    `held` is how many seconds Redis's time is ahead of theirs, since it has jumped.
    """

    leader: Presence | None
    standbys: list[Presence]
    redis: dict[str, Any]
    queues: list[dict[str, Any]]
    workers: list[dict[str, Any]]
    schedules: list[ScheduleStatus]
    at: float = 0.0
    silent_since: float | None = None
    held: float = 0.0

    @property
    def has_jumped(self) -> bool:
        """Whether a person must say which time is right."""
        return has_jumped(self.held)


def read_status(connection: redis.Redis, keys: Keys, *, runs: int = STRIP) -> Status:
    """The status of one Clock; `runs` is how many last runs each schedule brings. Raises redis.RedisError."""
    system = read_system(connection, keys)
    return replace(system, schedules=statuses(connection, keys, read_schedules(connection, keys), system.at, runs=runs))


def read_system(connection: redis.Redis, keys: Keys) -> Status:
    """The same without its schedules: there may be thousands. Raises redis.RedisError."""
    there = read_present(connection, keys)
    return Status(
        leader=there.leader,
        standbys=there.standbys,
        redis=_server(connection),
        queues=_queues(connection, keys.prefix),
        workers=_workers(connection, keys.prefix),
        schedules=[],
        at=there.now,
        silent_since=there.silent_since,
        held=there.held,
    )


def _server(connection: redis.Redis) -> dict[str, Any]:
    names = ("redis_version", "valkey_version", "role", "used_memory", "maxmemory", "maxmemory_policy", "aof_enabled")
    try:
        facts = connection.info()
    except redis.ResponseError:  # a managed Redis may deny INFO: then we cannot tell
        return {}
    return {name: facts[name] for name in names if name in facts}


def _queues(connection: redis.Redis, prefix: str) -> list[dict[str, Any]]:
    names = sorted(text(key).removeprefix(f"{prefix}:queue:") for key in connection.smembers(f"{prefix}:queues"))
    pipeline = connection.pipeline(transaction=False)
    for name in names:
        pipeline.llen(f"{prefix}:queue:{name}")
        pipeline.scard(f"{prefix}:workers:{name}")
    answers = pipeline.execute(raise_on_error=False) if names else []
    counts = [0 if isinstance(answer, Exception) else answer for answer in answers]
    return [{"name": name, "count": counts[2 * n], "workers": counts[2 * n + 1]} for n, name in enumerate(names)]


def _workers(connection: redis.Redis, prefix: str) -> list[dict[str, Any]]:
    """The registered workers; `job` is one that it has under way. A broken record is left out."""
    keys = sorted(text(key) for key in connection.smembers(f"{prefix}:workers"))
    pipeline = connection.pipeline(transaction=False)
    for key in keys:
        pipeline.hmget(key, "state", "queues")
        pipeline.srandmember(f"{key}:executions")  # the job's id, a colon, and the execution's own
    answers = pipeline.execute(raise_on_error=False) if keys else []
    found = zip(keys, answers[::2], answers[1::2], strict=True)
    return [_worker(key.removeprefix(f"{prefix}:worker:"), *facts) for key, *facts in found if _is_worker(facts[0])]


def _is_worker(values: Any) -> bool:
    return isinstance(values, list) and values[0] is not None


def _worker(name: str, values: list[Any], execution: Any) -> dict[str, Any]:
    state, queues = (text(value) if value else "" for value in values)
    job = text(execution).rpartition(":")[0] if isinstance(execution, bytes) else None
    return {"name": name, "state": state or None, "queues": queues.split(",") if queues else [], "job": job}


def statuses(
    connection: redis.Redis, keys: Keys, schedules: Sequence[Schedule], at: float, *, runs: int = STRIP
) -> list[ScheduleStatus]:
    """The status of these schedules of a Clock at the instant `at`. Raises redis.RedisError."""
    if not schedules:
        return []
    now = int(at)
    histories = read_histories(connection, keys, schedules, runs)
    pauses, skips = Pauses(connection, keys).in_force(now), Skips(connection, keys).coming(now)
    found = [_schedule(schedule, keys, now, history) for schedule, history in zip(schedules, histories, strict=True)]
    return [
        replace(
            status,
            paused=_shown(pauses.get(schedule.slug) or pauses.get(ALL)),
            skip=_shown(skips.get(schedule.slug)),
        )
        for schedule, status in zip(schedules, found, strict=True)
    ]


def _shown(mark: Pause | Skip | None) -> dict[str, Any] | None:
    return asdict(mark) if mark else None


def _schedule(schedule: Schedule, keys: Keys, now: int, runs: list[Run]) -> ScheduleStatus:
    next_ = next_run(schedule, now)
    return ScheduleStatus(
        name=schedule.name,
        clock=keys.clock,
        when=schedule.words,
        timezone=schedule.timezone,
        job=schedule.target.path,
        queue=schedule.target.options.queue,
        description=schedule.description,
        owner=schedule.owner,
        enabled=schedule.enabled,
        next=next_,
        next_note=None if next_ is None else schedule.note(next_),
        file=f"{schedule.file}:{schedule.line}",
        runs=runs,
    )


def as_json(status: Status) -> dict[str, Any]:
    """The status as `rqclock status --json` prints it."""
    values = asdict(status)
    del values["at"], values["silent_since"]
    return values
