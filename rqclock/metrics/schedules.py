"""Each schedule by its name: what comes next, what came last. The series are as many as the lines of the timetable."""

from __future__ import annotations

from collections.abc import Iterable

from rqclock.acts.activity import ALL
from rqclock.acts.pauses import Pauses
from rqclock.metrics.figure import Figure
from rqclock.metrics.look import ClockLook, Look
from rqclock.metrics.timetable import Course
from rqclock.store.totals import DECISIONS, OUTCOMES

ALWAYS = ("finished", "failed", "abandoned")  # from zero on, so that the first failure is an increase
ONE = ("clock", "schedule")

SCHEDULES = Figure(
    "rqclock_schedules", "gauge", "Schedules of the timetable by state: active, paused, off.", ("clock", "state")
)
LEFT_OUT = Figure(
    "rqclock_schedules_left_out", "gauge", "Schedules that have no series of their own, being too many.", ("clock",)
)
OVERDUE = Figure(
    "rqclock_overdue_seconds",
    "gauge",
    "How long the oldest run that is due waits for its decision; 0: none.",
    ("clock",),
)
NEXT = Figure(
    "rqclock_schedule_next_run_timestamp_seconds", "gauge", "When it is due next; in the past: it is overdue.", ONE
)
LAST = Figure("rqclock_schedule_last_run_timestamp_seconds", "gauge", "Up to when its runs are decided.", ONE)
RUNS = Figure("rqclock_schedule_runs", "counter", "Its planned runs by decision.", (*ONE, "decision"))
ENDED = Figure("rqclock_schedule_jobs_ended", "counter", "Its jobs by how they ended.", (*ONE, "outcome"))
LAST_ENDED = Figure(
    "rqclock_schedule_last_ended_timestamp_seconds", "gauge", "When one of its jobs last ended so.", (*ONE, "outcome")
)
PAUSED = Figure("rqclock_schedule_paused", "gauge", "1 while somebody has paused it, or all; else no series.", ONE)
FIGURES = (SCHEDULES, LEFT_OUT, OVERDUE, NEXT, LAST, RUNS, ENDED, LAST_ENDED, PAUSED)


def read(look: Look, clock: ClockLook) -> None:
    courses, _ = look.timetables.courses(look.connection, clock.keys), clock.totals  # all or nothing of this part
    look.queues |= {course.schedule.target.options.queue for course in courses}
    pauses = set(Pauses(look.connection, clock.keys).in_force(clock.now))
    paused = {one.schedule.slug for one in courses if _is_on(one) and pauses & {ALL, one.schedule.slug}}
    on = sum(map(_is_on, courses))
    states = {"active": on - len(paused), "paused": len(paused), "off": len(courses) - on}
    look.sheet.put_all(SCHEDULES, states, clock.name)
    look.sheet.put(LEFT_OUT, max(0, len(courses) - look.most), clock.name)
    look.sheet.put(OVERDUE, _overdue(courses, clock), clock.name)
    for course in courses[: look.most]:
        _times(clock, course)
        _counts(clock, course)
        if course.schedule.slug in paused:
            look.sheet.put(PAUSED, 1, clock.name, course.schedule.name)


def _is_on(course: Course) -> bool:
    """Whether it has a time, and is not switched off in the timetable."""
    return course.schedule.enabled and course.schedule.trigger is not None


def _overdue(courses: Iterable[Course], clock: ClockLook) -> float:
    cursors, now = clock.cursors, clock.now
    coming = (one.next(cursors[one.schedule.slug]) for one in courses if one.schedule.slug in cursors)
    return max((now - tick for tick in coming if tick is not None and tick < now), default=0.0)


def _times(clock: ClockLook, course: Course) -> None:
    cursor = clock.cursors.get(course.schedule.slug)
    if cursor is None or not _is_on(course):
        return
    label = (clock.name, course.schedule.name)
    clock.look.sheet.put(LAST, cursor, *label)
    coming = course.next(cursor)
    if coming is not None:
        clock.look.sheet.put(NEXT, coming, *label)


def _counts(clock: ClockLook, course: Course) -> None:
    totals, sheet, slug = clock.totals, clock.look.sheet, course.schedule.slug
    label = (clock.name, course.schedule.name)
    if course.schedule.trigger is not None:
        sheet.put_all(RUNS, {decision: totals.get(f"runs:{decision}:{slug}", 0) for decision in DECISIONS}, *label)
    for outcome in OUTCOMES:
        count, last = totals.get(f"ends:{outcome}:{slug}"), totals.get(f"last:{outcome}:{slug}")
        if count is not None or outcome in ALWAYS:
            sheet.put(ENDED, count or 0, *label, outcome)
        if last is not None:
            sheet.put(LAST_ENDED, last, *label, outcome)
