"""Run a schedule's job now, because a person asked for it: once for each request, paused or not."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import redis

from rqclock.acts.activity import By, Entry, announce
from rqclock.errors import ConfigurationError, RqclockError
from rqclock.jobs.serializer import why_not_json
from rqclock.store.keys import Keys
from rqclock.store.ledger import rq_stamp
from rqclock.store.replies import text
from rqclock.store.scripts import Scripts
from rqclock.store.server_now import clocks_now
from rqclock.store.ticks import field
from rqclock.timetable import template
from rqclock.timetable.schedules import Schedule

TOKEN = r"[A-Za-z0-9-]{1,100}"


@dataclass(frozen=True)
class Request:
    """Who asks, why, and from where. `token` names the request: sent twice, it runs once."""

    by: str
    why: str = ""
    token: str = ""
    where: str = ""


class Queued(NamedTuple):
    """The job of a request; `again` when the request came before, and this is the job of the first."""

    job_id: str
    again: bool


def run_now(connection: redis.Redis, keys: Keys, schedule: Schedule, request: Request, *, args: Any = None) -> Queued:
    """Queue the schedule's job now, once for each request.

    `args` (a list, or a dict of keywords) replace the schedule's own.

    Raises ConfigurationError for arguments or a token that can't be carried, RqclockError when no clock has
    published the schedule or a key is broken, redis.RedisError.
    """
    now = clocks_now(connection, keys)
    seconds = int(now)
    token = request.token or secrets.token_hex(4)
    if not re.fullmatch(TOKEN, token):
        raise ConfigurationError(f"token {token[:100]!r}: it is part of a job id, so 1 to 100 letters, digits and -")
    job = keys.job_id(schedule.slug, seconds, token)
    by = By(request.by, request.why, request.where)
    row = {"is": "enqueued", "at": int(now * 1000), "why": by.words("run now"), "by": by.who}
    detail = {"job": job} | ({"args": "others than the timetable's"} if args is not None else {})
    entry = Entry.of("run now", by, schedule=schedule.name, detail=detail)
    options = schedule.target.options
    changes = _changed(schedule, args, connection.hget(keys.of("template", schedule.slug), "sensitive"))
    answer, place = Scripts(connection).call(
        "run", keys.root, keys.prefix, schedule.slug, field(seconds, token), seconds, row["at"],
        rq_stamp(now), job, options.queue, options.ttl or "",
        "skip" if schedule.policies.overlap == "skip" else "", json.dumps(row, ensure_ascii=False),
        len(changes) // 2, *changes, entry.packed(), token,
    )  # fmt: skip
    if answer == b"unknown":
        raise RqclockError(f"{schedule.name!r} is in no timetable in force: start a clock first")
    if answer == b"wrong type":
        raise RqclockError(f"the Redis key {text(place)} holds something else: rename or delete it")
    if place:
        announce(entry)
    return Queued(text(answer), again=not place)


def _changed(schedule: Schedule, args: Any, sensitive: Any) -> list[bytes]:
    """The fields of the job that other arguments change. `sensitive` is what the clock has said of them: it knows the
    function, which nobody has loaded here."""
    if args is None:
        return []
    if not isinstance(args, (list, dict)) or why_not_json(args):
        raise ConfigurationError("arguments must be a JSON list, or a JSON object of keyword arguments")
    if problem := schedule.target.refusal(args):
        raise ConfigurationError(problem)
    positional, keywords = (tuple(args), {}) if isinstance(args, list) else ((), args)
    target = replace(schedule.target, args=positional, kwargs=keywords)
    fields = template.fields(replace(schedule, target=target))
    if sensitive and not target.options.description:
        fields[b"description"] = template.call_words(target, json.loads(sensitive)).encode()
    return [part for name in (b"data", b"description") for part in (name, fields[name])]
