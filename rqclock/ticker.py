"""The ticker: turns due ticks into decisions. It leads or it is not made; `rqclock.process` decides that."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import redis

from rqclock.catch_up import Course, Due, Gap, plan
from rqclock.ledger import BATCH, Entry, Ledger, NotPublished, Verdict, slices
from rqclock.predicates import Predicates
from rqclock.schedules import Schedule, Timetable
from rqclock.ticks import iso, local

log = logging.getLogger("rqclock.clock")
AGAIN = 1.0  # seconds until a tick that could not be written is tried again
ALONE = 10  # up to so many ticks of a batch are logged one by one


class Ticker:
    """The plan of a leader: for each schedule its cursor and the instant at which to look at it next.

    `now` gives Redis's time in epoch seconds; `pause` is called between two batches, so that the lease is kept.
    """

    def __init__(
        self, timetable: Timetable, ledger: Ledger, *, now: Callable[[], float], pause: Callable[[], None]
    ) -> None:
        self._timetable = timetable
        self._schedules: Sequence[Schedule] = timetable.schedules
        self._ledger = ledger
        self._now = now
        self._pause = pause
        self._predicates = Predicates()
        self._courses: list[Course] = []
        self._numbers = {schedule.slug: n for n, schedule in enumerate(timetable.schedules)}
        self._heap: list[tuple[float, int]] = []
        self._trouble: str | None = None
        self.since: float | None = None

    def take_lead(self, silent_since: float | None) -> None:
        """Publish the timetable if it is not in force, then take every cursor from Redis: memory is not the truth.

        `silent_since` is the last beat of the leader before us, for the rows of what was missed.
        """
        self.since = silent_since
        now = self._now()
        if self._ledger.published() != self._timetable.fingerprint:
            self._settle(now)
            for _ in self._ledger.publish(self._timetable, int(now)):
                self._pause()
            log.info("timetable %s in force: %d schedules", self._timetable.fingerprint, len(self._schedules))
        found = self._ledger.cursors(self._schedules)
        if None in found:
            raise NotPublished("a schedule has no cursor")
        self._courses = [Course(schedule, cursor or 0) for schedule, cursor in zip(self._schedules, found, strict=True)]
        self._heap = [(at, n) for n, course in enumerate(self._courses) if (at := course.next) is not None]
        heapq.heapify(self._heap)

    def wait_until(self) -> float | None:
        """The instant at which `step` has something to do, None when nothing will ever be due."""
        return self._heap[0][0] if self._heap else None

    def step(self) -> None:
        """Decide all that is due. Raises what `Ledger.fire` raises; then nothing is lost: take the lead again."""
        now = self._now()
        due = []
        while self._heap and self._heap[0][0] <= now:
            due.append(heapq.heappop(self._heap)[1])
        if not due:
            return
        try:
            for part in slices(self._entries(due, now), BATCH):
                self._fire(part)
                self._pause()
        finally:
            for n in due:
                self._again(n)

    def _entries(self, due: Iterable[int], now: float) -> Iterator[Entry]:
        for n in due:
            yield from entries(self._courses[n], now, since=self.since, ask=self._ask)

    def _fire(self, part: list[Entry]) -> None:
        try:
            verdicts = self._ledger.fire(part, self._timetable.fingerprint, self._now())
        except redis.OutOfMemoryError as error:
            self._alarm(f"Redis is full, nothing can be queued: {error}")
            return
        report(part, verdicts)
        self._trouble = None
        for entry, verdict in zip(part, verdicts, strict=True):
            self._move(self._courses[self._numbers[entry.schedule.slug]], entry, verdict)

    def _move(self, course: Course, entry: Entry, verdict: Verdict) -> None:
        if verdict.decision == "stuck":
            self._alarm(f"{entry.schedule.name}: nothing can be decided: {verdict.detail}")
            if verdict.detail == "template missing":
                raise NotPublished(verdict.detail)
        elif verdict.decision == "decided":
            course.cursor = int(verdict.detail or entry.tick)
        else:
            course.cursor = entry.tick

    def _again(self, n: int) -> None:
        at = self._courses[n].next
        if at is not None:
            heapq.heappush(self._heap, (max(at, self._now() + AGAIN) if self._trouble else at, n))

    def _alarm(self, text: str) -> None:
        if self._trouble != text:
            log.error(text)
        self._trouble = text

    def _ask(self, schedule: Schedule, tick: int) -> tuple[str, str] | None:
        if schedule.predicate is None:
            return None
        return self._predicates.ask(schedule.slug, schedule.predicate, local(tick, schedule.timezone))

    def _settle(self, now: float) -> None:
        """Decide the last ticks of schedules that this timetable times anew or no longer has, by their old rule."""
        published = self._ledger.published()
        ours = {schedule.slug: schedule for schedule in self._schedules}
        old = [Schedule.from_definition(values) for values in self._ledger.definitions().values()]
        gone = [s for s in old if s.slug not in ours or s.timing() != ours[s.slug].timing()]
        if published is None or not gone:
            return
        cursors = self._ledger.cursors(gone)
        last = [
            entry if schedule.slug in ours else _closed(entry)
            for schedule, cursor in zip(gone, cursors, strict=True)
            if cursor is not None
            for entry in entries(Course(schedule, cursor), now, since=self.since, ask=lambda schedule, tick: None)
        ]
        for part in slices(last, BATCH):
            report(part, self._ledger.fire(part, published, self._now()))
            self._pause()


Ask = Callable[[Schedule, int], tuple[str, str] | None]


def entries(course: Course, now: float, *, since: float | None, ask: Ask) -> Iterator[Entry]:
    """The ticks of a schedule between its cursor and now, each with what is known of its decision already."""
    schedule, cursor = course.schedule, course.cursor
    for step in plan(course, now):
        if isinstance(step, Gap):
            yield Entry(schedule, step.tick, cursor, "missed", _gap_row(step, since, now))
        else:
            yield _entry(schedule, step, cursor, ask)
        cursor = step.tick


def _entry(schedule: Schedule, due: Due, cursor: int, ask: Ask) -> Entry:
    veto = schedule.veto(due.tick)
    if veto:
        return Entry(schedule, due.tick, cursor, "skipped", {"why": veto})
    answer = ask(schedule, due.tick)
    if answer:
        return Entry(schedule, due.tick, cursor, answer[0], {"why": answer[1]})
    note = "caught up" if due.late else schedule.note(due.tick)
    return Entry(schedule, due.tick, cursor, None, {"why": note} if note else None)


def _gap_row(gap: Gap, since: float | None, now: float) -> dict[str, Any]:
    """The row of a gap: its first tick, how many, and from when to when nobody led."""
    row: dict[str, Any] = {"why": gap.why, "from": gap.first, "n": gap.count}
    return row | ({"down": [int(since), int(now)]} if since is not None else {})


def _closed(entry: Entry) -> Entry:
    row = {"why": "removed from the timetable before it was due to be caught up"}
    return Entry(entry.schedule, entry.tick, entry.cursor, "missed", entry.row if entry.decision == "missed" else row)


def report(part: Sequence[Entry], verdicts: Sequence[Verdict]) -> None:
    """One line a decision, or one for a large batch."""
    decided = [pair for pair in zip(part, verdicts, strict=True) if pair[1].decision not in ("decided", "stuck")]
    if len(decided) > ALONE:
        log.info("%d ticks decided, %s to %s", len(decided), iso(decided[0][0].tick), iso(decided[-1][0].tick))
        return
    for entry, verdict in decided:
        queue = f" -> {entry.schedule.target.options.queue}" if verdict.decision == "enqueued" else verdict.detail
        log.info("%s %s due %s%s", verdict.decision, entry.schedule.name, iso(entry.tick), queue)
