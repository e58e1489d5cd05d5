"""Rules on the clocks that live: one leads, and all have the same timetable."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import redis

from rqclock.doctor.check import Check, failure, ok, warning
from rqclock.store.keys import Keys
from rqclock.store.presence import Presence
from rqclock.store.replies import text
from rqclock.store.ticks import iso
from rqclock.timetable.schedules import Timetable
from rqclock.views.status import Status, read_system

NAME = "clock"
START = "start one: python clock.py; see the log of the one that should run"


def read(connection: redis.Redis, keys: Keys) -> tuple[Status, list[dict[str, Any]]]:
    """How the Clock stands, and the records of its processes. Raises redis.RedisError."""
    status = read_system(connection, keys)
    members = [json.loads(text(member)) for member in connection.hvals(keys.named("members"))]
    return status, members


def judge(name: str, status: Status, members: list[dict[str, Any]]) -> Iterator[Check]:
    """`name` is the Clock's."""
    if status.leader is None:
        yield _silent(name, status.silent_since)
    else:
        yield ok(NAME, f"{name}: {_one(status.leader)} leads; {len(status.standbys)} standing by")
    yield from _versions(name, _live(members, status))


def stranger(connection: redis.Redis, keys: Keys, timetable: Timetable) -> Iterator[Check]:
    """A timetable that has nothing in common with the one in force, which a clock refuses to replace.

    Raises redis.RedisError.
    """
    there = {text(name) for name in connection.hkeys(keys.named("definitions"))}
    if there and timetable.schedules and not there & {schedule.slug for schedule in timetable.schedules}:
        yield failure(
            NAME,
            f"the timetable in force under {timetable.name!r} ({len(there)} in it) is another one, not a version "
            "of the clock file here",
            why="the clock would refuse to start, so that two services do not overwrite each other's schedules",
            remedy='give yours a name of its own, Clock(name="…"), or start it once with python clock.py --take-over',
        )


def unpublished() -> Check:
    """No Clock has ever published a timetable, and there is no file here either."""
    what, why = "none has ever published a timetable here", "nothing is queued"
    return failure(NAME, what, why=why, remedy=START, stops_deploy=False)


def _silent(name: str, since: float | None) -> Check:
    last = f"; the last one was heard of {iso(since)}" if since else ""
    why = "nothing is queued until one leads; what falls due meanwhile is caught up or recorded as missed"
    return failure(NAME, f"{name}: none leads{last}", why=why, remedy=START, stops_deploy=False)


def _one(leader: Presence) -> str:
    return f"{leader.host} (pid {leader.pid})"


def _live(members: list[dict[str, Any]], status: Status) -> list[dict[str, Any]]:
    seen = [status.leader, *status.standbys]
    there = {(one.host, one.pid) for one in seen if one}
    return [member for member in members if (member.get("host"), member.get("pid")) in there]


def _versions(name: str, members: list[dict[str, Any]]) -> Iterator[Check]:
    hosts: dict[str, list[str]] = {}
    for member in members:
        hosts.setdefault(str(member.get("fingerprint", "")), []).append(str(member.get("host")))
    if len(hosts) > 1:
        shown = "; ".join(f"{print_} on {', '.join(sorted(set(names)))}" for print_, names in sorted(hosts.items()))
        yield warning(
            NAME,
            f"{name}: live clocks have different timetables ({shown})",
            why="only the newest leads; amid a deploy that is right, afterwards it means that one was not replaced",
            remedy="deploy the same release everywhere, or stop the old one; zone data counts as part of a timetable",
        )
