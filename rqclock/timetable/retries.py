"""Retries of scheduled jobs: what `@job(retry=…)` says, else a default that ends before the next run is near.

RQ takes fixed intervals, so the spread that keeps a thousand schedules from trying again in the same second is put into
each schedule's template, by a hash of its slug: the same in every process, and the same for all ticks of a schedule,
which are apart by themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from rqclock.jobs.decorator import JobOptions
from rqclock.jobs.option_values import back_off
from rqclock.timetable.schedules import Schedule

DEFAULT = 5  # further attempts: after 10 s, 20 s, 40 s, 80 s and 160 s
WITHIN = 0.5  # of the time between two runs
JITTER = 0.2


def in_force(schedule: Schedule) -> JobOptions:
    """How the schedule's job is run, with the retries that it has when nobody said.

    A retry must not meet the next run, which is the better one: there are only as many as fit into half of the period.
    """
    options = schedule.target.options
    if options.retries is not None:
        return replace(options, intervals=spread(options.intervals, schedule.slug)) if options.spread else options
    intervals = back_off(DEFAULT)
    if schedule.trigger is not None:
        most = schedule.trigger.period * WITHIN
        intervals = tuple(n for n, end in zip(intervals, accumulate(intervals), strict=True) if end <= most)
    return replace(options, retries=len(intervals), intervals=spread(intervals, schedule.slug))


def spread(intervals: Sequence[int], seed: str) -> tuple[int, ...]:
    """Each interval up to a fifth shorter or longer, as the seed says.

    >>> spread((10, 20, 40), "housekeeping-heartbeat") == spread((10, 20, 40), "housekeeping-heartbeat")
    True
    """
    return tuple(max(1, round(seconds * _factor(f"{seed} {n}"))) for n, seconds in enumerate(intervals))


def _factor(seed: str) -> float:
    drawn = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8]) / 2**64
    return 1 - JITTER + 2 * JITTER * drawn
