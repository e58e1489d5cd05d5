"""Why a schedule ran, or did not, at any instant: one answer in words, whatever the instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import redis

from rqclock.acts.activity import ALL
from rqclock.acts.pauses import Pauses
from rqclock.acts.skips import Skips
from rqclock.aftercare.retention import HOUR, KEPT
from rqclock.errors import RqclockError
from rqclock.store.keys import Keys
from rqclock.store.presence import read_present
from rqclock.store.replies import number
from rqclock.store.rows import Gaps, Row, Rows
from rqclock.store.server_now import Now, asking, clocks_now
from rqclock.store.ticks import iso, local
from rqclock.store.versions import Version, read_versions, ticks
from rqclock.timetable.schedules import Schedule
from rqclock.views.history import Run, last_ticks, reason, runs_of
from rqclock.views.wording import became, length, when

AT_ONCE = 60  # runs that one question about a minute is answered with
UNRECORDED = "unrecorded"


@dataclass(frozen=True)
class Explanation:
    """Why, for an instant (epoch seconds).

    `answer` is a decision (enqueued, skipped, missed, refused; then `run` is set), or: future, undecided, not due,
    before (its first definition), absent (from the timetable), too old, unrecorded (a decision is missing: see
    `rqclock audit`). `nearest` are the runs around an instant at which none was due.
    """

    schedule: str
    instant: int
    timezone: str
    answer: str
    text: str
    run: Run | None = None
    nearest: tuple[int | None, int | None] = (None, None)

    def facts(self) -> dict[str, Any]:
        """The explanation for programs."""
        run = self.run or Run(self.instant, self.answer)
        return {
            "schedule": self.schedule,
            "instant": iso(self.instant),
            "local": local(self.instant, self.timezone).isoformat(),
            "answer": self.answer,
            "text": self.text,
            "reason": run.reason,
            "job_id": run.job_id,
            "status": run.status,
            "lateness": run.lateness,
            "duration": run.duration,
            "worker": run.worker,
            "error": run.error,
            "nearest": [None if at is None else iso(at) for at in self.nearest],
        }


def explain(
    connection: redis.Redis, keys: Keys, schedule: Schedule | str, instant: int, *, now: Now | None = None
) -> Explanation:
    """Why the schedule (or the one with this slug) ran or did not at that second.

    Raises RqclockError when no clock ever published such a schedule, redis.RedisError.
    """
    slug = schedule if isinstance(schedule, str) else schedule.slug
    return _Question(connection, keys, slug, asking(connection, keys, now)()).answer(instant)


def explain_span(connection: redis.Redis, keys: Keys, slug: str, start: int, end: int) -> list[Explanation]:
    """The same for each run from `start` to `end`, both included; for `start` when there was none."""
    question = _Question(connection, keys, slug, clocks_now(connection, keys))
    due = list(islice(ticks(question.versions, start - 1, end), AT_ONCE))
    asked_for = [row for row in islice(Rows(connection, keys, slug).between(start - 1, end), AT_ONCE) if row.token]
    found = [question.answer(tick) for tick in due] + [question.decided(row) for row in asked_for]
    return sorted(found, key=lambda explanation: explanation.instant) or [question.answer(start)]


class _Question:
    """What is asked of one schedule, and what was read for it."""

    def __init__(self, connection: redis.Redis, keys: Keys, slug: str, now: float) -> None:
        self._connection = connection
        self._keys = keys
        self._slug = slug
        self.versions: Sequence[Version] = read_versions(connection, keys, slug)
        if not self.versions:
            raise RqclockError(f"no clock has ever published a schedule {slug!r}")
        self._rows = Rows(connection, keys, slug)
        self._now = now
        self._schedule = self.versions[-1].schedule
        self._zone = self._schedule.timezone

    def answer(self, instant: int) -> Explanation:
        version = next((version for version in self.versions if version.holds(instant)), None)
        due = version is not None and version.schedule.after(instant - 1) == instant
        row = self._rows.of([instant])[0]
        if row is not None and (due or "from" not in row.values):
            return self.decided(row)
        if version is None:
            return self._outside(instant)
        return self._due(version, instant) if due else self._not_due(version, instant)

    def decided(self, row: Row) -> Explanation:
        """The answer of a row."""
        run = runs_of(self._connection, self._keys, self._schedule, [row])[0]
        return replace(self._say(row.tick, run.decision, became(run, self._zone)), run=run)

    def _outside(self, instant: int) -> Explanation:
        """Before the first definition, or while the schedule was not in the timetable."""
        first = self.versions[0]
        if instant <= first.began:
            text = f"its definition began on {when(first.began, self._zone)}; nothing is known of the time before"
            return replace(self._say(instant, "before", text), nearest=self._nearest(instant))
        left = max(version.ended for version in self.versions if version.ended is not None and version.ended < instant)
        back = next((version.began for version in self.versions if version.began >= instant), None)
        until = f" to {when(back, self._zone)}" if back is not None else ""
        text = f"it was not in the timetable from {when(left, self._zone)}{until}"
        return replace(self._say(instant, "absent", text), nearest=self._nearest(instant))

    def _not_due(self, version: Version, instant: int) -> Explanation:
        nearest = self._nearest(instant)
        shown = " and ".join(self._noted(version, at) for at in nearest if at is not None)
        why = "it was switched off (enabled=False)" if not version.schedule.enabled else "not due then"
        why = "it runs on demand only" if version.schedule.trigger is None else why
        why = (
            "another version of rqclock (or somebody else) wrote its definition of that time"
            if not version.known
            else why
        )
        text = f"{why}: the nearest {'are' if None not in nearest else 'is'} {shown}" if shown else why
        return replace(self._say(instant, "not due", text), nearest=nearest)

    def _noted(self, version: Version, tick: int) -> str:
        note = version.schedule.note(tick)
        return when(tick, self._zone) + (f" ({note})" if note else "")

    def _nearest(self, instant: int) -> tuple[int | None, int | None]:
        before = (
            last_ticks(version.schedule, version.began + 1, min(instant - 1, version.ended or instant), 1)
            for version in reversed(self.versions)
            if version.began < instant - 1
        )
        after = (version.schedule.after(max(instant, version.began)) for version in self.versions)
        inside = (
            tick
            for tick, version in zip(after, self.versions, strict=True)
            if tick is not None and (version.ended is None or tick <= version.ended)
        )
        return next((found[0] for found in before if found), None), next(inside, None)

    def _due(self, version: Version, tick: int) -> Explanation:
        """A run that was due, or will be, and has no row of its own."""
        if tick > self._now:
            return self._future(version, tick)
        if version.ended is None and tick > self._rows.cursor():
            text = f"due {length(int(self._now) - tick)} ago and not decided yet: {self._who_leads()}"
            return self._say(tick, "undecided", text)
        gap = Gaps(self._rows).covering(tick)
        if gap is not None and gap.gap is not None:
            run = Run(tick, str(gap.gap["is"]), reason(gap.gap, self._zone))
            return replace(self._say(tick, run.decision, became(run, self._zone)), run=run)
        return self._forgotten(tick)

    def _forgotten(self, tick: int) -> Explanation:
        hour = tick // HOUR * HOUR
        kept = self._connection.hget(self._keys.of("folded", self._slug), str(hour))
        folded = number(kept, where=f"how many good runs of {self._slug} there were in the hour {hour}") or 0
        if folded:
            text = f"queued, and ran well; of that hour only the number of such runs is kept ({folded})"
            return replace(self._say(tick, "enqueued", text), run=Run(tick, "enqueued", status="finished"))
        if tick < self._now - KEPT:
            return self._say(tick, "too old", f"older than the {KEPT // 86400} days that are kept")
        return self._say(tick, UNRECORDED, "it was due and nothing is recorded of it: see rqclock audit")

    def _future(self, version: Version, tick: int) -> Explanation:
        pauses = Pauses(self._connection, self._keys).in_force(tick)
        pause = pauses.get(self._slug) or pauses.get(ALL)
        skip = Skips(self._connection, self._keys).coming(self._now).get(self._slug)
        stopped = [
            version.schedule.veto(tick),
            pause.words() if pause else None,
            skip.words() if skip and skip.tick == tick else None,
        ]
        why = next((f"; as it stands it will be skipped: {text}" for text in stopped if text), "")
        return self._say(tick, "future", f"due in {length(tick - int(self._now))}{why}")

    def _who_leads(self) -> str:
        there = read_present(self._connection, self._keys)
        if there.leader:
            return f"the clock on {there.leader.host} leads and has it before it"
        since = f" since {when(int(there.silent_since), self._zone)}" if there.silent_since else ""
        return f"no clock leads{since}"

    def _say(self, instant: int, answer: str, text: str) -> Explanation:
        return Explanation(self._schedule.name, instant, self._zone, answer, text)
