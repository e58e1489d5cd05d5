"""Which jobs the list shows: of all queues and states, newest first. What is looked through is bounded, and said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import redis
from rq import Queue
from rq.job import Job

from rqclock.store.replies import text
from rqclock.store.rq_records import instant
from rqclock.web.forms import page_number
from rqclock.web.rq_jobs import JobFacts, read_job, read_jobs
from rqclock.web.rq_registries import REGISTRIES, job_ids

PAGE = 50
LOOKED_AT = 3000  # jobs of all that are looked through for a search
CHUNK = 200
STATES = ("failed", "started", "queued", "scheduled", "deferred", "finished", "canceled")
AGES = {
    "": "any time",
    "-3600": "the last hour",
    "-86400": "the last day",
    "-604800": "the last 7 days",
    "3600": "more than an hour ago",
    "86400": "more than a day ago",
}
TIMES = ("ended_at", "started_at", "enqueued_at", "created_at")


@dataclass(frozen=True)
class Asked:
    """What the address asks for. `age` in seconds: negative within, positive before."""

    text: str = ""
    state: str = ""
    queue: str = ""
    function: str = ""
    age: str = ""
    page: int = 1

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Asked:
        """What cannot be asked for counts as not asked."""
        state, age = values.get("state", ""), values.get("age", "")
        return cls(
            values.get("q", "").strip()[:200],
            state if state in STATES else "",
            values.get("queue", ""),
            values.get("function", "").strip()[:200],
            age if age in AGES else "",
            page_number(values.get("page")),
        )

    @property
    def searches(self) -> bool:
        return bool(self.text or self.function or self.age)

    def address(self, **changes: object) -> dict[str, object]:
        """The arguments of the address with some of them changed."""
        values = {
            "q": self.text,
            "state": self.state,
            "queue": self.queue,
            "function": self.function,
            "age": self.age,
            "page": self.page if self.page > 1 else "",
        }
        return {name: value for name, value in (values | changes).items() if value != ""}

    def holds(self, job: JobFacts, now: float) -> bool:
        known = (job.id, job.function or "", job.schedule or "", job.worker or "")
        if self.text and not any(self.text.lower() in part.lower() for part in known):
            return False
        if self.function and self.function != job.function:
            return False
        return not self.age or _fits(now - (job.at or now), int(self.age))


def _fits(age: float, wanted: int) -> bool:
    return age <= -wanted if wanted < 0 else age > wanted


@dataclass(frozen=True)
class Source:
    """One queue's jobs of one state."""

    queue: str
    state: str
    count: int


@dataclass(frozen=True)
class Found:
    """A page of jobs. `counts` by state over the chosen queues; `looked_at` of `of` jobs were looked through."""

    jobs: tuple[JobFacts, ...]
    more: bool
    counts: dict[str, int]
    queues: tuple[str, ...]
    functions: tuple[str, ...]
    looked_at: int
    of: int


def search(connection: redis.Redis, asked: Asked, *, now: float) -> Found:
    """Raises redis.RedisError."""
    sources = read_sources(connection)
    queues = tuple(sorted({source.queue for source in sources}))
    of_queue = [source for source in sources if not asked.queue or source.queue == asked.queue]
    chosen = [source for source in of_queue if not asked.state or source.state == asked.state]
    ids = _newest(connection, chosen, asked)
    found, more = _page(connection, ids, asked, now)
    return Found(
        jobs=tuple(found),
        more=more,
        counts={state: sum(one.count for one in of_queue if one.state == state) for state in STATES},
        queues=queues,
        functions=tuple(sorted({job.function for job in found if job.function} | {asked.function} - {""})),
        looked_at=len(ids),
        of=sum(source.count for source in chosen),
    )


def read_sources(connection: redis.Redis) -> list[Source]:
    """How many jobs there are of each state in each queue; a broken key counts as empty."""
    names = sorted(text(key).removeprefix(Queue.redis_queue_namespace_prefix) for key in _queue_keys(connection))
    places = [(name, state) for name in names for state in STATES]
    pipeline = connection.pipeline(transaction=False)
    for name, state in places:
        if state == "queued":
            pipeline.llen(Queue(name, connection=connection).key)
        else:
            pipeline.zcard(REGISTRIES[state](name, connection=connection).key)
    counts = pipeline.execute(raise_on_error=False) if places else []
    return [Source(*place, count if isinstance(count, int) else 0) for place, count in zip(places, counts, strict=True)]


def _queue_keys(connection: redis.Redis) -> Any:
    return connection.smembers(Queue.redis_queues_keys)


def _newest(connection: redis.Redis, sources: Sequence[Source], asked: Asked) -> list[str]:
    """The ids of the newest jobs of these sources, newest first: enough for the page, or for a search."""
    full = [source for source in sources if source.count]
    enough = asked.page * PAGE + 1
    each = max(enough, LOOKED_AT // max(1, len(full))) if asked.searches else enough
    ids: list[str] = []
    for source in full:
        found = job_ids(connection, queue=source.queue, state=source.state, span=(0, each), newest_first=True)
        ids += found[1] if found else []
    unique = list(dict.fromkeys(ids))
    if len(full) <= 1:
        return unique
    times = _times(connection, unique)
    return sorted(unique, key=lambda id: -times[id])


def _times(connection: redis.Redis, ids: Sequence[str]) -> dict[str, float]:
    pipeline = connection.pipeline(transaction=False)
    for id in ids:
        pipeline.hmget(Job.key_for(id), TIMES)
    answers = pipeline.execute(raise_on_error=False) if ids else []
    return {id: _latest(values) for id, values in zip(ids, answers, strict=True)}


def _latest(values: Any) -> float:
    known = [instant(text(value)) for value in values if value] if isinstance(values, list) else []
    return max((at for at in known if at is not None), default=0.0)


def _page(connection: redis.Redis, ids: Sequence[str], asked: Asked, now: float) -> tuple[list[JobFacts], bool]:
    """The jobs of the page, and whether there are more. Without a search no other job is read."""
    first = (asked.page - 1) * PAGE
    if not asked.searches:
        return read_jobs(connection, ids=list(ids[first : first + PAGE])), len(ids) > first + PAGE
    found = list(islice(_fitting(connection, ids, asked, now), first, first + PAGE + 1))
    return found[:PAGE], len(found) > PAGE


def _fitting(connection: redis.Redis, ids: Sequence[str], asked: Asked, now: float) -> Iterator[JobFacts]:
    """Read no further than the page needs. A job whose whole id was typed comes first, wherever it is."""
    named = read_job(connection, id=asked.text) if asked.text and " " not in asked.text else None
    if named:
        yield named
    for start in range(0, len(ids), CHUNK):
        for job in read_jobs(connection, ids=list(ids[start : start + CHUNK])):
            if asked.holds(job, now) and (named is None or job.id != named.id):
                yield job
