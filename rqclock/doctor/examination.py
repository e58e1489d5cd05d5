"""The whole examination: what can be told here, then of Redis, then of the processes that live."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import redis

from rqclock.doctor import (
    clock_file,
    clocks,
    connecting,
    console,
    entry,
    environment,
    facts,
    leftovers,
    memory,
    packages,
    persistence,
    platforms,
    recurring,
    server,
    trials,
    workers,
)
from rqclock.doctor.check import Check, unknown
from rqclock.settings import Settings
from rqclock.store.in_force import read_schedules
from rqclock.store.keys import Keys
from rqclock.store.presence import clocks as published
from rqclock.store.ticks import slug
from rqclock.timetable.schedules import Schedule, Timetable

PATIENCE = 10.0  # seconds that one stage may take
LONGEST = 30.0  # seconds after which nothing new is begun
ROUND_TRIPS = {"server": 3, "jobs": 8, "processes": 20}  # how often a stage waits for an answer, about


@dataclass(frozen=True)
class Patient:
    """What is examined. `timetable` is that of the clock file, if it can be used; `answer`: how long one takes (s)."""

    connection: redis.Redis
    settings: Settings
    environ: Mapping[str, str]
    timetable: Timetable | None
    answer: float = 0.0


Stage = Callable[[Patient], Iterator[Check]]


def examine(environ: Mapping[str, str], *, before_deploy: bool = False) -> list[Check]:
    """Everything, in the order in which it is looked at. Takes seconds, also when nothing answers."""
    began = time.monotonic()
    surroundings = environment.read(environ)
    settings = surroundings.settings
    timetable, found = clock_file.read(settings, environ)
    found = [*surroundings.checks, *environment.rq_variables(environ, settings), *found]
    if before_deploy and timetable:
        found += workers.promised(settings.queues, _queues([*timetable.schedules]))
    found += packages.judge(packages.installed())
    found += packages.wanted(settings)
    found += clock_file.zones(_zones(timetable), date.today())
    found += console.judge(settings, surroundings.broken)
    if surroundings.names_redis:
        until = began + LONGEST
        found += _redis(settings, environ, timetable, before_deploy=before_deploy, until=until)
    else:
        found.append(unknown("connection", "not tried", remedy="set the variables above right first"))
    return [check.before_deploy() for check in found] if before_deploy else found


def _zones(timetable: Timetable | None) -> list[str]:
    return [timetable.timezone, *(one.timezone for one in timetable.schedules)] if timetable else []


def _redis(
    settings: Settings, environ: Mapping[str, str], timetable: Timetable | None, *, before_deploy: bool, until: float
) -> Iterator[Check]:
    yield from platforms.judge(settings, environ)
    knocks = connecting.knock(settings)
    yield from connecting.judge(knocks, settings, environ)
    yield from connecting.latency(knocks)
    connection = next((one.connection for one in reversed(knocks) if one.connection is not None), None)
    if connection is None:
        yield unknown("server", "nothing was looked at in Redis", remedy="see above")
        return
    yield connecting.encryption(settings)
    yield connecting.authentication(settings)
    patient = Patient(connection, settings, environ, timetable, connecting.best(knocks))
    stages = {"server": _server, "jobs": _jobs} | ({} if before_deploy else {"processes": _living})
    yield from _stages(stages, patient, until)


def _stages(stages: Mapping[str, Stage], patient: Patient, until: float) -> Iterator[Check]:
    """One after the other, while there is time and the server answers."""
    for name, stage in stages.items():
        wanted = ROUND_TRIPS[name] * patient.answer
        if wanted > PATIENCE or time.monotonic() > until:
            what = f"not looked at: with such answers it would take {wanted:.0f} s"
            yield unknown(name, what, remedy="see latency, and ask again")
            continue
        try:
            yield from stage(patient)
        except redis.RedisError as error:
            said = " ".join(str(error).split())
            yield unknown(name, f"not looked at: {said}", remedy="ask again; see what is said above of the server")
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:  # others' hands in a key
            said = f"{type(error).__name__}: {' '.join(str(error).split())}"
            yield unknown(
                name, f"not looked at: a key or an answer cannot be read ({said})", remedy="see the keys there"
            )


def _server(patient: Patient) -> Iterator[Check]:
    told = facts.fetch(patient.connection)
    refused = trials.attempt(patient.connection, patient.settings.key_prefix)
    yield from server.judge(told, patient.settings, tried=not refused)
    yield from trials.judge(refused, patient.settings, told)
    yield from memory.judge(told, patient.settings, patient.environ)
    yield persistence.judge(told)


def _jobs(patient: Patient) -> Iterator[Check]:
    prefix = patient.settings.key_prefix
    if patient.timetable:
        keys = Keys(prefix, patient.timetable.slug)
        yield from clocks.stranger(patient.connection, keys, patient.timetable)
    yield from leftovers.queues(patient.connection, prefix)
    yield leftovers.quarantined(patient.connection, prefix)
    yield from leftovers.pickles(patient.connection, patient.settings)
    yield from recurring.judge(entry.read(patient.connection, (prefix, "rq")))
    yield from console.accounts(patient.connection, patient.settings)


def _living(patient: Patient) -> Iterator[Check]:
    prefix = patient.settings.key_prefix
    names = [patient.timetable.name] if patient.timetable else published(patient.connection, prefix)
    if not names:
        yield clocks.unpublished()
    for name in names:
        yield from clocks.judge(name, *clocks.read(patient.connection, Keys(prefix, slug(name))))
    schedules = [*_in_force(patient, names), *(patient.timetable.schedules if patient.timetable else ())]
    yield from workers.judge(workers.read(patient.connection, prefix), _queues(schedules))


def _in_force(patient: Patient, names: list[str]) -> Iterator[Schedule]:
    for name in names:
        yield from read_schedules(patient.connection, Keys(patient.settings.key_prefix, slug(name)))


def _queues(schedules: list[Schedule]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for schedule in schedules:
        if schedule.enabled:
            found.setdefault(schedule.target.options.queue, set()).add(schedule.name)
    return found
