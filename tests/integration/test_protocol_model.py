"""The protocol as a state machine: whatever two or three clocks, the network and Redis do, the promises hold.

The clocks run the product's own loop, turn by turn, against the real scripts; see `tests.support.simulation`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rqclock import Clock
from rqclock.schedules import Timetable
from tests.support import jobs
from tests.support.server import Server
from tests.support.simulation import FATEFUL, LIFE, ROOT, Fate, Simulated, World


def version(*names: str, period: str = "2 seconds") -> Timetable:
    clock = Clock(catch_up="all", catch_up_within="1 hour", catch_up_rate=10_000)
    clock.every("second", name="each", catch_up="latest", late_ok=3).enqueue(jobs.plain)
    for name in names:
        clock.every(period, name=name).enqueue(jobs.plain)
    return clock.timetable()


VERSIONS = {
    "old": version("gone", "timed"),
    "new": version("come", "timed"),
    "retimed": version("timed", period="3 seconds"),
}
SERVER: list[Server] = []
REQUESTS = st.sampled_from([*FATEFUL, "fire", ""])  # "": one of those that only read
STILL = st.sampled_from([0.3, LIFE, 2 * LIFE])


class Protocol(RuleBasedStateMachine):
    """Rules are what may happen; `clocks` how many there are."""

    clocks = 2

    def __init__(self) -> None:
        super().__init__()
        client = SERVER[0].client()
        client.flushall()
        self.world = World(client, SERVER[0].url)
        self.slots: list[Simulated | None] = [None] * self.clocks
        self.snapshots: list[Any] = [self.world.snapshot()]
        self.cursors: dict[bytes, int] = {}
        self.heard: dict[tuple[str, str], set[int]] = {}

    def teardown(self) -> None:
        try:
            self._settle()
        finally:
            self.world.close()
            self.world.client.close()

    def _at(self, slot: int) -> Simulated | None:
        return self.slots[slot % self.clocks]

    # --- what may happen

    @initialize(name=st.sampled_from(sorted(VERSIONS)))
    def the_first_comes(self, name: str) -> None:
        self.come(0, name)
        self.all_go_on(3)

    @rule(seconds=st.sampled_from([0.1, 0.6, 1.0, LIFE, 3 * LIFE, 20.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.pass_by(seconds)

    @rule(slot=st.integers(0, 2))
    def one_acts(self, slot: int) -> None:
        process = self._at(slot)
        if process:
            process.turn()

    @rule(rounds=st.integers(1, 6))
    def all_go_on(self, rounds: int) -> None:
        for _ in range(rounds):
            self.world.pass_by(LIFE / 4)
            for process in filter(None, self.slots):
                process.turn()

    @rule(slot=st.integers(0, 2), rounds=st.integers(1, 6))
    def all_but_one_go_on(self, slot: int, rounds: int) -> None:
        for _ in range(rounds):
            self.world.pass_by(LIFE / 4)
            for process in self.slots:
                if process and process is not self._at(slot):
                    process.turn()

    @rule(slot=st.integers(0, 2), script=REQUESTS, loss=st.sampled_from(["request", "reply", "late"]))
    def a_request_will_be_lost(self, slot: int, script: str, loss: Any) -> None:
        process = self._at(slot)
        if process:
            process.fates[script] = Fate(loss=loss)

    @rule(slot=st.integers(0, 2), script=REQUESTS, seconds=STILL, rounds=st.integers(0, 5))
    def one_will_stand_still_before_a_request(self, slot: int, script: str, seconds: float, rounds: int) -> None:
        process = self._at(slot)
        if not process:
            return

        def meanwhile() -> None:
            self.world.pass_by(seconds)
            self.all_but_one_go_on(slot, rounds)

        process.fates[script] = Fate(meanwhile)

    @rule()
    def what_is_under_way_arrives(self) -> None:
        self.world.deliver()

    @rule(slot=st.integers(0, 2))
    def one_dies(self, slot: int) -> None:
        process = self._at(slot)
        if process:
            process.gone = True
            self.slots[slot % self.clocks] = None

    @rule(slot=st.integers(0, 2))
    def one_is_stopped(self, slot: int) -> None:
        process = self._at(slot)
        if process:
            process.stop()
            self.slots[slot % self.clocks] = None

    @rule(slot=st.integers(0, 2), name=st.sampled_from(sorted(VERSIONS)))
    def come(self, slot: int, name: str) -> None:
        place = slot % self.clocks
        if self.slots[place] is None:
            self.slots[place] = self.world.start(VERSIONS[name], place)

    @rule(on=st.booleans())
    def somebody_pauses_or_resumes(self, on: bool) -> None:
        if on:
            self.world.client.hset(f"{ROOT}paused", "*", '{"by":"Ann","why":"the register is down"}')
        else:
            self.world.client.delete(f"{ROOT}paused")

    @precondition(lambda self: len(self.snapshots) < 4)
    @rule()
    def redis_is_saved(self) -> None:
        self.snapshots.append(self.world.snapshot())

    @rule()
    def all_jobs_run_and_are_forgotten(self) -> None:
        self.world.forget_jobs()

    @rule(noticed=st.booleans(), which=st.sampled_from([-1, -1, -2, 0]))
    def redis_rolls_back(self, noticed: bool, which: int) -> None:
        self.world.roll_back(self.snapshots[which % len(self.snapshots)], noticed=noticed)
        self.cursors = {}

    # --- what has to hold at any moment

    @invariant()
    def every_decided_tick_has_one_row_and_is_queued_once(self) -> None:
        assert not self.world.problems()

    @invariant()
    def no_cursor_goes_back(self) -> None:
        found: Any = self.world.client.hgetall(f"{ROOT}cursors")
        now = {slug: int(tick) for slug, tick in found.items()}
        assert all(tick >= self.cursors.get(slug, 0) for slug, tick in now.items()), (self.cursors, now)
        self.cursors = now

    @invariant()
    def at_most_one_trusts_itself_to_write(self) -> None:
        leading = [process for process in filter(None, self.slots) if process.leads]
        if not self.world.rolled_back:
            assert len(leading) <= 1

    @invariant()
    def no_older_version_leads_once_it_has_heard_of_a_newer_one(self) -> None:
        for process in filter(None, self.slots):
            beat = process.process._lease.last
            for other in filter(None, self.slots):
                owner = other.process._lease.owner
                if beat is None or owner not in beat.members:
                    continue
                heard = self.heard.setdefault((process.process._lease.owner, owner), set())
                heard.add(beat.members[owner]["beat"])
                newer = other.generation > process.generation and len(heard) > 1 and other.beat_within(LIFE)
                acting = process.leads and process.process._ticker is not None
                assert self.world.rolled_back or not (newer and acting), (process.generation, other.generation)

    # --- what has to come about once faults end

    def _settle(self) -> None:
        """With nothing going wrong any more, one leads, the newest version is in force and all is decided."""
        if not any(self.slots):
            self.slots[0] = self.world.start(VERSIONS["new"], 0)
        self.all_go_on(4 * 6)
        self.every_decided_tick_has_one_row_and_is_queued_once()
        live = [process for process in self.slots if process]
        leading = [process for process in live if process.leads]
        assert len(leading) == 1
        assert leading[0].generation == max(process.generation for process in live)
        known = {schedule.slug.encode() for schedule in leading[0].process._timetable.schedules}
        found: Any = self.world.client.hgetall(f"{ROOT}cursors")
        assert all(int(found[slug]) >= self.world.now - 4 for slug in known), (found, self.world.now)


class ThreeClocks(Protocol):
    clocks = 3


@pytest.fixture
def silent() -> Iterator[None]:
    """What the clocks have to say of all this would fill the screen."""
    log = logging.getLogger("rqclock")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    yield
    log.setLevel(level)


@pytest.fixture
def model(redis_server: Server, silent: None) -> Iterator[None]:
    SERVER.append(redis_server)
    yield
    SERVER.pop()


HEALTH = list(HealthCheck)
FEW = settings(max_examples=40, stateful_step_count=30, deadline=None, derandomize=True, suppress_health_check=HEALTH)
MANY = settings(max_examples=1000, stateful_step_count=50, deadline=None, print_blob=True, suppress_health_check=HEALTH)


@pytest.mark.parametrize("machine", [Protocol, ThreeClocks], ids=["two", "three"])
def test_no_order_of_events_loses_or_doubles_a_tick(model: None, machine: type[Protocol]) -> None:
    run_state_machine_as_test(machine, settings=FEW)


@pytest.mark.slow
@pytest.mark.parametrize("machine", [Protocol, ThreeClocks], ids=["two", "three"])
def test_no_order_of_many_events_loses_or_doubles_a_tick(model: None, machine: type[Protocol]) -> None:
    run_state_machine_as_test(machine, settings=MANY)
