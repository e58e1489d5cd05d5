"""How jobs ended, and what each of their attempts came to, written into the ledger before RQ forgets them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import redis

from rqclock.store import rq_records, totals
from rqclock.store.keys import Keys
from rqclock.store.ledger import slices
from rqclock.store.names import Names
from rqclock.store.of_jobs import RunOfJob, read_runs
from rqclock.store.places import Places
from rqclock.store.replies import text
from rqclock.store.rq_records import Record
from rqclock.store.scripts import Scripts

CHUNK = 500
SHARE = 0.1  # of the time that looking may take: with 100,000 jobs waiting it looks more rarely
ATTEMPTS = 20  # of a run that are kept one by one


class Outcomes:
    """Looks at every job of ours whose end is not recorded, whatever worker runs it."""

    def __init__(self, connection: redis.Redis, keys: Keys, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._connection = connection
        self._keys = keys
        self._monotonic = monotonic
        self._next_look = -1e9
        self._attempts: dict[str, int] = {}
        self._waiting: set[str] = set()
        self._places = Places(connection, keys)
        self._scripts = Scripts(connection)
        self._names = Names({})

    def step(self, now: float) -> None:
        """One pass over all open jobs; sending it again writes the same. Raises redis.RedisError."""
        began = self._monotonic()
        if began < self._next_look:
            return
        known, self._attempts = self._attempts, {}
        waited, self._waiting = self._waiting, set()
        self._names = Names.read(self._connection, self._keys)
        for part in slices(self._connection.zrange(self._keys.named("open"), 0, -1), CHUNK):
            self._look_at([text(job_id) for job_id in part], waited, known)
        took = self._monotonic() - began
        self._next_look = began + took / SHARE if took > SHARE else began

    def _look_at(self, ids: list[str], waited: set[str], known: dict[str, int]) -> None:
        """Those that wait in a queue as they did before have no news; there may be very many."""
        states = self._places.states(ids)
        waiting = {job_id for job_id, (status, _) in states.items() if status == "queued"}
        self._waiting |= waiting
        self._attempts |= {job_id: known[job_id] for job_id in waiting & waited if job_id in known}
        news = [job_id for job_id in ids if job_id not in waiting or job_id not in waited]
        records = rq_records.read(self._connection, self._keys, news)
        runs = read_runs(self._connection, self._keys, news, self._names)
        for job_id, record, run in zip(news, records, runs, strict=True):
            self._look(job_id, run, record, known.get(job_id, 1))

    def _look(self, job_id: str, run: RunOfJob | None, record: Record | None, before: int) -> None:
        if record is None or (record.ended and not record.to_be_queued_again):
            self._close(job_id, run, record)
            return
        self._attempts[job_id] = max(record.attempt, before)
        if run is not None and record.attempt > max(before, 1 + record.lost + record.requeued):
            self._note_retry(run, record)

    def _note_retry(self, run: RunOfJob, record: Record) -> None:
        """An attempt has failed and RQ will make another: its times are overwritten when that begins."""
        key = self._keys.of("attempts", run.slug)
        seen = _parsed(self._connection.hget(key, run.field))
        number = record.attempt - 1
        if any(one.get("attempt") == number for one in (*seen, *record.story)):
            return
        of_it = {} if record.status == "started" else {"started": record.started_at, "ended": record.finished_at}
        one = {"attempt": number, "is": "retried", **of_it, "worker": record.worker if of_it else None}
        self._connection.hset(key, run.field, _packed([*seen, one][-ATTEMPTS:]))

    def _close(self, job_id: str, run: RunOfJob | None, record: Record | None) -> None:
        if run is None:
            self._scripts.call("close", self._keys.root, job_id, "", "", "", "{}", "", "")
            return
        seen = record is None or record.attempt > 1
        earlier = _parsed(self._connection.hget(self._keys.of("attempts", run.slug), run.field)) if seen else []
        facts = _facts(record, earlier)
        last = f"last:{facts['status']}:{run.slug}" if facts.get("ended") else ""
        self._scripts.call(
            "close", self._keys.root, job_id, run.slug, run.field, _packed(facts),
            json.dumps(_totals(facts, run.slug, record)), last, int(facts.get("ended") or 0),
        )  # fmt: skip


def _totals(facts: Mapping[str, Any], slug: str, record: Record | None) -> dict[str, int]:
    began, ended = facts.get("started"), facts.get("ended")
    took = ended - began if began and ended else None
    return totals.of_an_end(facts["status"], slug, took=took, retries=_retries(facts, record))


def _retries(facts: Mapping[str, Any], record: Record | None) -> int:
    """How often it was tried anew by itself, since a person had it run again if one did."""
    earlier = [one for one in facts.get("attempts", ()) if isinstance(one.get("attempt"), int)]
    counted = max((one["attempt"] for one in earlier if one.get("is") not in ("retried", "lost")), default=0)
    lost = sum(one.get("is") == "lost" and one["attempt"] > counted for one in earlier)
    return max(0, record.attempt - counted - 1 - lost) if record else 0


def read_retried(connection: redis.Redis, keys: Keys, job_ids: Iterable[str]) -> list[list[dict[str, Any]]]:
    """What is kept of the earlier attempts of jobs that have not ended. Raises redis.RedisError."""
    runs = read_runs(connection, keys, job_ids)
    pipeline = connection.pipeline(transaction=False)
    for run in filter(None, runs):
        pipeline.hget(keys.of("attempts", run.slug), run.field)
    found = iter(pipeline.execute() if any(runs) else [])
    return [_parsed(next(found)) if run else [] for run in runs]


def attempts(record: Record | None, retried: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The earlier attempts of a run, oldest first: those that raised, and those whose worker died."""
    lost = [{"is": "lost", **event} for event in (record.story if record else ())]
    return sorted([*retried, *lost], key=lambda one: one.get("attempt") or 0)[-ATTEMPTS:]


def _facts(record: Record | None, retried: list[dict[str, Any]]) -> dict[str, Any]:
    if record is None:
        facts: dict[str, Any] = {"status": "unknown"}
    else:
        facts = {
            "status": "abandoned" if record.abandoned else record.status,
            "started": record.started_at,
            "ended": record.finished_at,
            "worker": record.worker,
            "error": record.error,
        }
        if record.attempt > 1:
            facts |= {"attempt": record.attempt, "of": record.of}
    return facts | ({"attempts": earlier} if (earlier := attempts(record, retried)) else {})


def _packed(value: Any) -> str:
    if isinstance(value, list):
        return json.dumps([_without_none(one) for one in value], separators=(",", ":"), ensure_ascii=False)
    return json.dumps(_without_none(value), separators=(",", ":"), ensure_ascii=False)


def _without_none(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}


def _parsed(value: Any) -> list[dict[str, Any]]:
    """The attempts that are kept; none where somebody else wrote something."""
    try:
        found = json.loads(value) if value else []
    except (ValueError, RecursionError):
        found = []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
