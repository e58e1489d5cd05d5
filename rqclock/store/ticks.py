"""A tick: one schedule at one planned instant. Its id is the id of the RQ job, and the job's idempotency key."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from rqclock.jobs import attempts
from rqclock.store.replies import text
from rqclock.triggers.zones import zone

YEARS = range(1970, 2201)  # in which people may name a time: further away a datetime may overflow
SLUG_LENGTH = 60
DEFAULT_CLOCK = "default"
TICK_FIELDS = ("schedule", "scheduled_for", *attempts.FIELDS)
_JOB_ID = re.compile(r"(?:[a-z0-9-]+_)?(?P<slug>[a-z0-9-]+)_(?P<at>\d{8}T\d{6}Z)(?:_r(?P<token>[A-Za-z0-9-]+))?")


def slug(name: str) -> str:
    """The name in letters that RQ allows in a job id; 8 digits of a hash keep apart what was cut or came out empty.

    >>> slug("weekly report, north"), slug("Gebühren.prüfen")
    ('weekly-report-north', 'gebuhren-prufen')
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if words and len(words) <= SLUG_LENGTH:
        return words
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{words[:SLUG_LENGTH].strip('-')}-{digest}".lstrip("-")


@lru_cache(maxsize=1024)
def compact(instant: int) -> str:
    """`20261123T080000Z`."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y%m%dT%H%M%SZ")


def iso(instant: float) -> str:
    """`2026-11-23T08:00:00Z`, the form of all our JSON."""
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def local(instant: float, timezone: str) -> datetime:
    """The instant as a datetime of that zone."""
    return datetime.fromtimestamp(instant, zone(timezone).info)


def job_id(slug: str, instant: int, token: str | None = None, *, clock: str = DEFAULT_CLOCK) -> str:
    """The id of the job of a tick; with `token`, of a run that a person asked for at `instant`.

    Ids are one namespace for all that share a Redis, so a Clock with a name of its own (its slug) begins them with it.
    """
    scope = "" if clock == DEFAULT_CLOCK else f"{clock}_"
    return f"{scope}{slug}_{compact(instant)}" + (f"_r{token}" if token else "")


def read_job_id(job_id: str) -> tuple[str, int, str | None] | None:
    """Slug, instant and token of one of our job ids; None for any other id."""
    found = _JOB_ID.fullmatch(job_id)
    if found is None:
        return None
    try:
        at = datetime.strptime(found["at"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return found["slug"], int(at.timestamp()), found["token"]


def field(at: int, token: str | None) -> str:
    """The name of a run in its schedule's ledger: the tick, or instant and token of a run that a person asked for."""
    return f"{at}r{token}" if token else str(at)


def read_field(name: str) -> tuple[int, str | None]:
    """Instant and token of a run's name in the ledger."""
    at, _, token = name.partition("r")
    return int(at), token or None


@dataclass(frozen=True)
class CurrentTick:
    """What a job may know of its schedule: `id` stays the same over all attempts, `attempt` counts from 1."""

    name: str
    scheduled_at: datetime
    id: str
    attempt: int


def current_tick() -> CurrentTick | None:
    """The tick whose job is running here, under any worker class; None outside of a scheduled job.

    One round trip to Redis. Raises redis.RedisError.
    """
    from rq import get_current_job

    job = get_current_job()
    named = read_job_id(job.id) if job else None
    if job is None or named is None:
        return None
    schedule, scheduled_for, *counted = job.connection.hmget(job.key, TICK_FIELDS)
    if schedule is None:
        return None
    at = datetime.fromtimestamp(int(scheduled_for or named[1]), UTC)
    return CurrentTick(text(schedule), at, job.id, attempts.attempt(*counted))
