"""Jobs of application code that failed for good lately, by queue. Those of schedules are told by their schedule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import redis

from rqclock.alerts.finding import Finding
from rqclock.alerts.kinds import JOBS_FAILED
from rqclock.store import rq_records
from rqclock.store.keys import Keys
from rqclock.store.places import Places
from rqclock.store.ticks import read_job_id

LATELY = 3600.0
NEWEST = 50  # entries of a queue's registry that are read
ERROR_LENGTH = 200


@dataclass(frozen=True)
class Failure:
    """When it failed (epoch seconds), and the line of its error."""

    job_id: str
    at: float
    error: str


class Failures:
    """Reads the registries of failed jobs; of each job once."""

    def __init__(self, connection: redis.Redis, keys: Keys) -> None:
        self._connection = connection
        self._keys = keys
        self._places = Places(connection, keys)
        self._known: dict[tuple[str, float], Failure] = {}

    def look(self, now: float) -> Iterator[Finding]:
        """For each queue, what there is to say at `now`. Raises redis.RedisError."""
        known, self._known = self._known, {}
        for queue in self._places.queues():
            # With its score, which is another when a job that was queued again has failed anew.
            theirs = [entry for entry in self._places.failed(queue, NEWEST) if read_job_id(entry[0]) is None]
            fresh = [entry for entry in theirs if entry not in known]
            read = self._read([job_id for job_id, _ in fresh])
            failures = {entry: known[entry] for entry in theirs if entry in known}
            failures |= {entry: failure for entry in fresh if (failure := read[entry[0]])}
            self._known |= failures
            yield judge(queue, list(failures.values()), now)

    def _read(self, ids: list[str]) -> dict[str, Failure | None]:
        records = rq_records.read(self._connection, self._keys, ids) if ids else []
        return {job_id: _failure(job_id, record) for job_id, record in zip(ids, records, strict=True)}


def _failure(job_id: str, record: rq_records.Record | None) -> Failure | None:
    if record is None or record.status != "failed" or record.to_be_queued_again:
        return None
    at = record.finished_at or record.recorded_at
    return Failure(job_id, at, (record.error or "")[:ERROR_LENGTH]) if at else None


def judge(queue: str, failures: Sequence[Failure], now: float) -> Finding:
    """What there is to say of a queue. Pure."""
    lately = sorted((failure for failure in failures if failure.at > now - LATELY), key=lambda failure: failure.at)
    finding = Finding(JOBS_FAILED, False, subject=queue, name=queue, at=now)
    if not lately:
        return replace(finding, text=f"no job of queue {queue} has failed for an hour")
    last, count = lately[-1], len(lately)
    many = "a job" if count == 1 else f"{count} jobs"
    text = f"{many} of queue {queue} failed for good within an hour; the last was {last.job_id}: {last.error or '?'}"
    return replace(finding, bad=True, since=lately[0].at, text=text)
