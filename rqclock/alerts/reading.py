"""What a look reads of one Clock: its schedules, their last runs, and what is due and not decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import redis

from rqclock.acts.activity import ALL
from rqclock.acts.pauses import Pause, Pauses
from rqclock.acts.skips import Skip, Skips
from rqclock.alerts.failures import NEWEST
from rqclock.alerts.judgement import FRESH, Seen
from rqclock.store.in_force import read_schedules
from rqclock.store.keys import Keys
from rqclock.store.ledger import slices
from rqclock.store.of_jobs import read_runs
from rqclock.store.places import Places
from rqclock.store.replies import text
from rqclock.store.rows import Rows
from rqclock.timetable.schedules import Schedule
from rqclock.views.history import Run, read_histories, runs_of

LAST = 12  # runs of a schedule that a look judges, beside those that are open for too long
AT_ONCE = 250  # schedules
OPEN_AT_MOST = 5000  # jobs of the Clock that have waited longest
LATE_AT_MOST = 200  # of them, that are judged one by one
ANEW_AFTER = 60.0  # seconds for which runs that have ended are taken as they were: a person may queue one again
TICKS_AT_MOST = 60  # undecided ticks of a schedule that are gone through


@dataclass(frozen=True)
class Known:
    """The last runs of a schedule: their names in the ledger, what became of them, and when that was read."""

    names: list[bytes]
    runs: list[Run]
    at: float

    def holds(self, names: list[bytes], now: float) -> bool:
        """Whether they need not be read again: there is no newer one, and all have come to their end."""
        return self.names == names and 0 <= now - self.at < ANEW_AFTER and all(map(_is_settled, self.runs))


class Reading:
    """Reads one Clock again and again; of its timetable and its runs what has changed."""

    def __init__(self, connection: redis.Redis, keys: Keys) -> None:
        self._connection = connection
        self._keys = keys
        self._version: Any = None
        self._schedules: list[Schedule] = []
        self._known: dict[str, Known] = {}
        self._places = Places(connection, keys)
        self._failed: dict[str, float] = {}  # ids of jobs that failed, and when we first saw that

    def schedules(self) -> list[Schedule]:
        """The schedules in force. Raises redis.RedisError, as all here."""
        version = self._connection.hmget(self._keys.named("timetable"), "fingerprint", "at")
        if version != self._version:
            self._schedules = read_schedules(self._connection, self._keys)
            self._version, self._known = version, {}
        return self._schedules

    def look(self, now: float) -> Iterator[Seen]:
        """What there is to judge at `now`, Redis's time, by schedule."""
        beside = self._beside(now)
        undecided = self._undecided(now)
        for part in slices(self.schedules(), AT_ONCE):
            self._refresh(part, now)
            for schedule in part:
                slug = schedule.slug
                runs = (*self._known[slug].runs, *beside.get(slug, ()))
                yield Seen(self._keys.clock, schedule, runs, tuple(undecided.get(slug, ())))

    def _refresh(self, schedules: Sequence[Schedule], now: float) -> None:
        """Read the last runs of those schedules of which anything may have changed."""
        pipeline = self._connection.pipeline(transaction=False)
        for schedule in schedules:
            pipeline.zrevrange(self._keys.of("index", schedule.slug), 0, LAST - 1)
        names = {schedule.slug: list(found) for schedule, found in zip(schedules, pipeline.execute(), strict=True)}
        stale = [one for one in schedules if not self._is_known(one.slug, names[one.slug], now)]
        histories = read_histories(self._connection, self._keys, stale, LAST) if stale else []
        for schedule, runs in zip(stale, histories, strict=True):
            self._known[schedule.slug] = Known(names[schedule.slug], runs, now)

    def _is_known(self, slug: str, names: list[bytes], now: float) -> bool:
        known = self._known.get(slug)
        return known is not None and known.holds(names, now)

    def _beside(self, now: float) -> dict[str, list[Run]]:
        """Runs that count although there are many newer ones: they may be late, or have failed just now."""
        ours = {schedule.slug: schedule for schedule in self.schedules()}
        promised = {slug: schedule for slug, schedule in ours.items() if _patience(schedule) is not None}
        named = chain(self._named(self._fallen(ours, now), ours), self._named(self._late(promised, now), promised))
        fields: dict[str, list[str]] = {}
        for slug, name in islice(named, LATE_AT_MOST):
            fields.setdefault(slug, []).append(name)
        return {slug: self._runs(ours[slug], names) for slug, names in fields.items()}

    def _late(self, promised: dict[str, Schedule], now: float) -> list[bytes]:
        """Jobs that have not ended."""
        if not promised:
            return []
        before = (now - min(_patience(schedule) or 0 for schedule in promised.values())) * 1000
        found: Any = self._connection.zrange(
            self._keys.named("open"), "-inf", f"({before}", byscore=True, offset=0, num=OPEN_AT_MOST
        )
        return list(found)

    def _fallen(self, ours: dict[str, Schedule], now: float) -> list[str]:
        """Jobs that came to the failed ones within the last minute."""
        queues = sorted({schedule.target.options.queue for schedule in ours.values()})
        ids = [job_id for queue in queues for job_id, _ in self._places.failed(queue, NEWEST)]
        self._failed = {job_id: self._failed.get(job_id, now) for job_id in ids}
        return [job_id for job_id, since in self._failed.items() if 0 <= now - since < FRESH]

    def _named(self, job_ids: Sequence[bytes | str], promised: dict[str, Schedule]) -> Iterator[tuple[str, str]]:
        """Slug of today and name in the ledger of those jobs that belong to a schedule with a promise."""
        for run in read_runs(self._connection, self._keys, map(text, job_ids)):
            if run is not None and run.slug in promised:
                yield run.slug, run.field

    def _runs(self, schedule: Schedule, names: list[str]) -> list[Run]:
        rows = [row for row in Rows(self._connection, self._keys, schedule.slug).of(names) if row is not None]
        return runs_of(self._connection, self._keys, schedule, rows)

    def _undecided(self, now: float) -> dict[str, list[int]]:
        """Ticks that are due, that nobody has decided, and that no rule which we can see would skip."""
        promised = [schedule for schedule in self.schedules() if _patience(schedule) is not None]
        if not promised:
            return {}
        cursors = self._connection.hmget(self._keys.named("cursors"), [schedule.slug for schedule in promised])
        pauses = Pauses(self._connection, self._keys).in_force(0)
        skips = Skips(self._connection, self._keys).coming(0)
        pairs = zip(promised, cursors, strict=True)
        return {
            schedule.slug: undecided(
                schedule, int(cursor), now, pauses=_of(schedule, pauses), skip=skips.get(schedule.slug)
            )
            for schedule, cursor in pairs
            if cursor is not None
        }


def undecided(
    schedule: Schedule, cursor: int, now: float, *, pauses: Sequence[Pause] = (), skip: Skip | None = None
) -> list[int]:
    """The first ticks later than the cursor that should have been decided by now, but for what would be skipped."""
    ticks = islice(schedule.between(cursor, int(now)), TICKS_AT_MOST)
    return [tick for tick in ticks if not schedule.veto(tick) and not _stopped(tick, pauses, skip)]


def _is_settled(run: Run) -> bool:
    return run.decision != "enqueued" or run.status == "finished"


def _stopped(tick: int, pauses: Sequence[Pause], skip: Skip | None) -> bool:
    held = any(pause.until is None or tick < pause.until for pause in pauses)
    return held or (skip is not None and skip.tick == tick)


def _of(schedule: Schedule, pauses: dict[str, Pause]) -> list[Pause]:
    return [pauses[slug] for slug in (schedule.slug, ALL) if slug in pauses]


def _patience(schedule: Schedule) -> int | None:
    """How long after its time a run may first be late."""
    policies = schedule.policies
    spans = [span for span in (policies.must_start_within, policies.must_finish_within) if span is not None]
    return min(spans) if spans else None
