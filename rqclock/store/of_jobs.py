"""Of which run a job is: its id is made of the name that its schedule had when it was queued."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import redis

from rqclock.store.keys import Keys
from rqclock.store.ledger import slices
from rqclock.store.names import Names
from rqclock.store.replies import text
from rqclock.store.rows import read_row
from rqclock.store.ticks import field, read_job_id

CHUNK = 1000


class RunOfJob(NamedTuple):
    """A run by its schedule's slug of today; `at` is the tick, `token` that of a run that a person asked for."""

    slug: str
    at: int
    token: str | None

    @property
    def field(self) -> str:
        """Its name in the ledger."""
        return field(self.at, self.token)


def read_runs(
    connection: redis.Redis, keys: Keys, job_ids: Iterable[str], names: Names | None = None
) -> list[RunOfJob | None]:
    """The run of this Clock that each job is of, in their order; None for any other job.

    Where several schedules have had the name in its id, it is the one whose ledger has the run under that name.
    Raises redis.RedisError.
    """
    ids = list(job_ids)
    if not ids:
        return []
    names = names or Names.read(connection, keys)
    named = [_named(keys, job_id) for job_id in ids]
    heirs = {slug: names.heirs(slug) for slug in {run.slug for run in named if run}}
    pairs = [(run, heir) for run in named if run and len(heirs[run.slug]) > 1 for heir in heirs[run.slug]]
    owners = _owners(connection, keys, pairs)
    return [run and run._replace(slug=owners.get(run) or heirs[run.slug][0]) for run in named]


def _named(keys: Keys, job_id: str) -> RunOfJob | None:
    named = read_job_id(job_id)
    return RunOfJob(*named) if named and keys.job_id(*named) == job_id else None


def _owners(connection: redis.Redis, keys: Keys, pairs: Sequence[tuple[RunOfJob, str]]) -> dict[RunOfJob, str]:
    """Of runs and whose they may be: whose they are, where the run still stands there under the name of then."""
    found: dict[RunOfJob, str] = {}
    for part in slices(pairs, CHUNK):
        pipeline = connection.pipeline(transaction=False)
        for run, heir in part:
            pipeline.hget(keys.of("ledger", heir), run.field)
        for (run, heir), raw in zip(part, pipeline.execute(raise_on_error=False), strict=True):
            if _is_of(raw, run, heir):
                found.setdefault(run, heir)
    return found


def _is_of(raw: Any, run: RunOfJob, heir: str) -> bool:
    return isinstance(raw, (str, bytes)) and (read_row(run.field, text(raw)).slug or heir) == run.slug
