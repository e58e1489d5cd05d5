"""Whatever happens, each run is decided on once: `audit` finds nothing, `why` has an answer for every instant."""

from __future__ import annotations

from collections import Counter
from typing import Any

import redis as redis_py
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rqclock.store.versions import read_versions, slugs, ticks
from rqclock.timetable.schedules import Schedule
from rqclock.views.history import read_history
from rqclock.views.why import explain
from tests.support.leader import BEGAN
from tests.support.world import ANN, World

DECISIONS = {"enqueued", "skipped", "missed", "refused"}
ELSE = {"not due", "before", "absent", "future"}
TIMETABLES: tuple[dict[str, dict[str, Any]], ...] = (
    {
        "steady": {"period": "10 seconds"},
        "all": {"period": "7 seconds", "catch_up": "all", "catch_up_within": 60},
        "none": {"period": "15 seconds", "catch_up": "none"},
    },
    {"steady": {"period": "4 seconds"}, "none": {"period": "15 seconds", "overlap": "skip"}},
    {"steady": {"period": "10 seconds"}, "all": {"period": "20 seconds", "enabled": False}},
    {"calm": {"period": "10 seconds", "renamed_from": "steady"}, "all": {"period": "7 seconds"}},
)


class Story(World):
    """A world in which things happen at random: each act takes one number."""

    def __init__(self, redis: redis_py.Redis) -> None:
        super().__init__(redis, **TIMETABLES[0])

    def some(self, number: int) -> Schedule:
        schedules = self.leader.timetable.schedules
        return schedules[number % len(schedules)]

    def act(self, what: str, number: int) -> None:
        getattr(self, f"_{what}")(number)

    def _on(self, number: int) -> None:
        self.on(number % 60 + 2)

    def _down(self, number: int) -> None:
        self.down(number + 1)

    def _deploy(self, number: int) -> None:
        self.deploy(**TIMETABLES[number % len(TIMETABLES)])

    def _pause(self, number: int) -> None:
        until = int(self.now()) + 30 if number % 2 else None
        self.pauses.pause(self.some(number) if number % 5 else None, ANN, until=until)

    def _resume(self, number: int) -> None:
        self.pauses.resume(self.some(number) if number % 5 else None, ANN)

    def _skip(self, number: int) -> None:
        if self.some(number).enabled:
            self.skips.skip_next(self.some(number), ANN)

    def _work(self, number: int) -> None:
        self.leader.work()

    def _run(self, number: int) -> None:
        self.run_now(self.some(number).name)

    def _backfill(self, number: int) -> None:
        now = int(self.now()) - BEGAN
        self.backfill(max(0, now - number), now, self.some(number).name, again=number % 5 == 0)


acts = st.tuples(
    st.sampled_from(["on", "down", "deploy", "pause", "resume", "skip", "work", "run", "backfill"]),
    st.integers(0, 300),
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(acts, min_size=3, max_size=15))
def test_every_run_is_decided_once_and_explained_whatever_happens(
    redis: redis_py.Redis, story: list[tuple[str, int]]
) -> None:
    redis.flushall()
    world = Story(redis)
    for what, number in story:
        world.act(what, number)
    world.on(2)
    assert [finding for finding in world.findings() if finding.is_difference] == []
    for slug in slugs(redis, world.keys):
        due = set(ticks(read_versions(redis, world.keys, slug), BEGAN, int(world.now())))
        for instant in sorted(due | set(range(BEGAN - 2, int(world.now()) + 20, 13))):
            answer = explain(redis, world.keys, slug, instant, now=world.now).answer
            assert answer in (DECISIONS if instant in due else ELSE), (slug, instant - BEGAN)
    for schedule in world.leader.timetable.schedules:
        runs = [run for run in read_history(redis, world.keys, schedule, 500) if "_r" not in (run.job_id or "")]
        assert max(Counter(run.tick for run in runs).values(), default=1) == 1
