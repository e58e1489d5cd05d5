"""The ticker: turns due ticks into decisions. It leads or it is not made; `rqclock.running.process` decides that."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import redis

from rqclock.running.allowance import Allowance
from rqclock.running.catch_up import Course
from rqclock.running.entries import Ask, Outage, View, closed, entries
from rqclock.running.memory import Loss, Memory
from rqclock.running.reports import log_decisions, tell_of_stuck
from rqclock.store.ledger import BATCH, Entry, Ledger, NotPublished, StateLost, Verdict, slices
from rqclock.store.ticks import local
from rqclock.timetable.schedules import Schedule, Timetable

log = logging.getLogger("rqclock.clock")
AGAIN = 1.0  # seconds until a tick that could not be written is tried again
LOOKED_AT = 1000
FULL = "Redis was full"
BEHIND = "behind"
T = TypeVar("T")
Report = Callable[[Sequence[Entry], Sequence[Verdict]], None]


class Ticker:
    """The plan of a leader: for each schedule its course, and the instant at which to look at it next.

    `now` gives Redis's time in epoch seconds; `pause` is called between two batches, so that the lease is kept;
    `report` is told every batch with its verdicts.
    """

    def __init__(
        self,
        timetable: Timetable,
        ledger: Ledger,
        *,
        now: Callable[[], float],
        pause: Callable[[], None],
        memory: Memory | None = None,
        report: Report | None = None,
    ) -> None:
        self._timetable = timetable
        self._ledger = ledger
        self._ledger.pause = pause
        self._now = now
        self._pause = pause
        self._memory = memory or Memory()
        self._report = report or log_decisions
        self._courses: list[Course] = []
        self._numbers = {schedule.slug: n for n, schedule in enumerate(timetable.schedules)}
        self._heap: list[tuple[float, int]] = []
        self._alarms: set[str] = set()
        self._held: set[int] = set()
        self._hindered: dict[int, Outage] = {}
        self._outage = Outage()
        self._loss = Loss()
        self._allowance = Allowance(timetable.catch_up_rate)

    def take_lead(self, outage: Outage, *, publish: bool = False) -> Loss:
        """Publish the timetable if it is not in force, then take every cursor from Redis: memory is not the truth.

        `outage` is the time without a leader that is over now. Returns what Redis has lost of the decisions
        that this process saw acknowledged: they are decided again, and marked `refired`.
        """
        self._outage = outage
        found = self._ledger.last_decided(self._timetable.schedules)
        self._loss = Loss.of(self._memory, self._timetable.schedules, found)
        if publish or self._ledger.published() != self._timetable.fingerprint:
            self._publish()
            found = self._ledger.cursors(self._timetable.schedules)
        if None in found:
            raise NotPublished("a schedule has no cursor")
        pairs = zip(self._timetable.schedules, found, strict=True)
        self._courses = [Course(schedule, cursor or 0) for schedule, cursor in self._paced(pairs)]
        self._heap = list(self._plans())
        heapq.heapify(self._heap)
        return self._loss

    def _plans(self) -> Iterator[tuple[float, int]]:
        for n, course in enumerate(self._paced(self._courses)):
            at = course.next
            if at is not None:
                yield at, n

    def _paced(self, items: Iterable[T]) -> Iterator[T]:
        """The items, the lease being kept meanwhile: to look at 100,000 of them takes longer than it lives."""
        for n, item in enumerate(items):
            if n % LOOKED_AT == 0:
                self._pause()
            yield item

    def wait_until(self) -> float | None:
        """The instant at which `step` has something to do, None when nothing will ever be due."""
        return self._heap[0][0] if self._heap else None

    def step(self) -> None:
        """Decide all that is due. Raises what `Ledger.fire` raises; then nothing is lost: take the lead again."""
        now = self._now()
        due = []
        while self._heap and self._heap[0][0] <= now:
            due.append(heapq.heappop(self._heap)[1])
        self._held.difference_update(due)
        self._allowance.refill(now)
        try:
            for part in slices(self._entries(due, now), BATCH):
                self._fire(part)
                self._pause()
        finally:
            for n in due:
                self._again(n, now)
        if not self._held:
            self._outage = Outage(since=now)  # whatever is late from here on is late because of what comes now

    def _entries(self, due: Iterable[int], now: float) -> Iterator[Entry]:
        for n in due:
            course = self._courses[n]
            known = self._loss.known.get(course.schedule.slug)

            def allow(n: int = n) -> bool:
                return self._allowance.take() or self._hold(n)

            outage = self._hindered.get(n, self._outage)
            yield from entries(course, View(now, outage, self._ask, allow, known))

    def _fire(self, part: list[Entry]) -> None:
        try:
            verdicts = self._ledger.fire(part, self._timetable.fingerprint, self._now())
        except redis.OutOfMemoryError as error:
            for entry in part:
                self._hinder(entry, FULL, f"Redis is full, nothing can be queued: {error}")
            return
        self._report(part, verdicts)
        stuck = {self._move(entry, verdict) for entry, verdict in zip(part, verdicts, strict=True)}
        if lost := stuck & {"template missing", "cursor missing"}:
            raise NotPublished(f"{lost.pop()}: someone deleted it")
        if BEHIND in stuck:
            raise StateLost("Redis knows less than it had acknowledged")

    def _move(self, entry: Entry, verdict: Verdict) -> str | None:
        """Follow what was decided; the reason if nothing could be."""
        n = self._numbers[entry.schedule.slug]
        if verdict.decision == "stuck":
            self._hinder(entry, verdict.detail, f"{entry.schedule.name}: nothing can be decided: {verdict.detail}")
            return verdict.detail
        self._relieve(n)
        cursor = int(verdict.detail) if verdict.decision == "decided" else entry.tick
        # Some proxies hide from us that it is another server now.
        went_back = cursor < self._courses[n].cursor
        self._courses[n].cursor = cursor
        self._memory.note(entry.schedule.slug, cursor)
        return BEHIND if went_back else None

    def _again(self, n: int, now: float) -> None:
        at = self._courses[n].next
        if at is not None:
            heapq.heappush(self._heap, (max(at, now + AGAIN) if n in self._held else at, n))

    def _hold(self, n: int) -> bool:
        self._held.add(n)
        return False

    def _hinder(self, entry: Entry, cause: str, alarm: str) -> None:
        """Note what keeps a schedule from being decided: what that costs is told by its cause."""
        if cause not in self._alarms:
            log.error(alarm)
        self._alarms.add(cause)
        n = self._numbers[entry.schedule.slug]
        self._held.add(n)
        self._hindered.setdefault(n, Outage(self._outage.since, cause))

    def _relieve(self, n: int) -> None:
        if self._hindered.pop(n, None) and not self._hindered:
            self._alarms.clear()

    def _ask(self, schedule: Schedule, tick: int) -> tuple[str, str] | None:
        if schedule.predicate is None:
            return None
        answer = self._memory.predicates.ask(schedule.slug, schedule.predicate, local(tick, schedule.timezone))
        self._pause()  # several conditions that hang must not cost the lease
        return answer

    def _view_of(self, schedule: Schedule, now: float, ask: Ask) -> View:
        return View(now, self._outage, ask, known_until=self._loss.known.get(schedule.slug))

    def _publish(self) -> None:
        now = self._now()
        self._ledger.rename(self._timetable)
        self._settle(now)
        self._pause()
        for _ in self._ledger.publish(self._timetable, int(now), remembered=self._memory.decided):
            self._pause()
        log.info(
            "timetable %s in force: %d schedules", self._timetable.fingerprint, len(self._courses or self._numbers)
        )

    def _settle(self, now: float) -> None:
        """Decide the last ticks of schedules that this timetable times anew or no longer has, by their old rule."""
        published = self._ledger.published()
        ours = {schedule.slug: schedule for schedule in self._timetable.schedules}
        definitions = self._ledger.definitions().items()
        found = {slug: Schedule.understood(values) for slug, values in self._paced(definitions)}
        if strange := [slug for slug, schedule in found.items() if schedule is None]:
            log.error("what was due of %s is not decided: another version of rqclock wrote it", ", ".join(strange))
        old = [schedule for schedule in found.values() if schedule]
        gone = [s for s in self._paced(old) if s.slug not in ours or s.timing() != ours[s.slug].timing()]
        if published is None or not gone:
            return

        def condition(schedule: Schedule, tick: int) -> tuple[str, str] | None:
            return self._ask(ours.get(schedule.slug, schedule), tick)  # the code of the old version is not here

        last = [
            entry if schedule.slug in ours else closed(entry)
            for schedule, cursor in self._paced(zip(gone, self._ledger.cursors(gone), strict=True))
            if cursor is not None
            for entry in entries(Course(schedule, cursor), self._view_of(schedule, now, condition))
        ]
        for part in slices(last, BATCH):
            verdicts = self._ledger.fire(part, published, self._now())
            self._report(part, verdicts)
            tell_of_stuck(part, verdicts)
            self._pause()
