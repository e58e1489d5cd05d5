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
from rqclock.acts.activity import STATE_LOST
from rqclock.timetable.schedules import Timetable
from tests.support import jobs
from tests.support.server import Server
from tests.support.simulation import FATEFUL, LIFE, ROOT, Fate, Simulated, World


def version(*names: str, period: str = "2 seconds", **renamed: str) -> Timetable:
    """A timetable with these schedules; of those that are `renamed`, the name before stands behind the new one."""
    clock = Clock(catch_up="all", catch_up_within="1 hour", catch_up_rate=10_000)
    clock.every("second", name="each", catch_up="latest", late_ok=3).enqueue(jobs.plain)
    for name in names:
        clock.every(period, name=name).enqueue(jobs.plain)
    for name, before in renamed.items():
        clock.every(period, name=name, renamed_from=before).enqueue(jobs.plain)
    return clock.timetable()


VERSIONS = {
    "old": version("gone", "timed"),
    "new": version("come", "timed"),
    "retimed": version("timed", period="3 seconds"),
    "renamed": version("gone", moved="timed"),
    "renamed again": version(third="moved", period="3 seconds"),
    "renamed back": version("come", timed="moved"),
}
KINDS, NUMBERS = st.integers(0, 2), st.integers(0, 2)
SERVER: list[Server] = []
REQUESTS = st.sampled_from([*FATEFUL, "fire", ""])  # "": one of those that only read
LIVES = 4 * 5  # rounds after which a clock that is gone counts no more
STILL = st.sampled_from([0.3, LIFE, 2 * LIFE])


class Protocol(RuleBasedStateMachine):
    """Rules are what may happen; `clocks` how many there are, and of which `versions`."""

    clocks = 2
    versions = ("old", "new", "retimed")

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

    @property
    def live(self) -> list[Simulated]:
        return [process for process in self.slots if process]

    def _one(self, number: int) -> Simulated:
        return self.live[number % len(self.live)]

    # --- what may happen

    @initialize(kind=KINDS, another=KINDS, redis_is_reliable=st.booleans())
    def some_come(self, kind: int, another: int, redis_is_reliable: bool) -> None:
        self.redis_is_reliable = redis_is_reliable
        self.come(kind)
        self.all_go_on(3, None)
        self.come(another)

    @rule(rounds=st.integers(1, 6), without=st.one_of(st.none(), NUMBERS))
    def all_go_on(self, rounds: int, without: int | None) -> None:
        left_out = self._one(without) if self.live and without is not None else None
        for _ in range(rounds):
            self.world.pass_by(LIFE / 4)
            for process in self.live:
                if process is not left_out:
                    process.turn()

    @rule(seconds=st.sampled_from([0.1, 0.6, 1.0, LIFE, 3 * LIFE, 20.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.pass_by(seconds)

    @precondition(lambda self: self.live)
    @rule(number=NUMBERS, script=REQUESTS, loss=st.sampled_from(["request", "reply", "late"]))
    def a_request_will_be_lost(self, number: int, script: str, loss: Any) -> None:
        self._one(number).fates[script] = Fate(loss=loss)

    @precondition(lambda self: len(self.live) > 1)
    @rule(number=NUMBERS, script=REQUESTS, seconds=STILL, rounds=st.integers(0, 5))
    def one_will_stand_still_before_a_request(self, number: int, script: str, seconds: float, rounds: int) -> None:
        process = self._one(number)

        def meanwhile() -> None:
            self.world.pass_by(seconds)
            self.all_go_on(rounds, number)

        process.fates[script] = Fate(meanwhile)

    @precondition(lambda self: self.world.under_way)
    @rule()
    def what_is_under_way_arrives(self) -> None:
        self.world.deliver()

    @precondition(lambda self: self.live)
    @rule(number=NUMBERS, killed=st.booleans())
    def one_ends(self, number: int, killed: bool) -> None:
        process = self._one(number)
        if not killed:
            process.stop()
        process.gone = True
        self.slots[self.slots.index(process)] = None

    @precondition(lambda self: None in self.slots)
    @rule(kind=KINDS)
    def come(self, kind: int) -> None:
        slot = self.slots.index(None)
        self.slots[slot] = self.world.start(VERSIONS[self.versions[kind]], slot)

    @rule(what=st.sampled_from(["pause", "resume", "jobs end", "save"]))
    def meanwhile_at_redis(self, what: str) -> None:
        if what == "pause":
            self.world.client.hset(f"{ROOT}paused", "*", '{"by":"Ann","why":"the register is down"}')
        elif what == "resume":
            self.world.client.delete(f"{ROOT}paused")
        elif what == "jobs end":
            self.world.forget_jobs()
        else:
            self.snapshots.append(self.world.snapshot())

    @precondition(lambda self: not self.redis_is_reliable)
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
    def nobody_tells_of_a_loss_where_nothing_was_lost(self) -> None:
        assert self.world.rolled_back or STATE_LOST not in self.world.told()

    @invariant()
    def at_most_one_trusts_itself_to_write(self) -> None:
        leading = [process for process in self.live if process.leads]
        if not self.world.rolled_back:
            assert len(leading) <= 1

    @invariant()
    def no_older_version_leads_once_it_has_heard_of_a_newer_one(self) -> None:
        for process in self.live:
            beat = process.process._lease.last
            for other in self.live:
                owner = other.process._lease.owner
                if beat is None or owner not in beat.members:
                    continue
                heard = self.heard.setdefault((process.process._lease.owner, owner), set())
                heard.add(beat.members[owner]["beat"])
                up_to_date = other.process._lease._beats == beat.members[owner]["beat"] and other.beat_within(LIFE)
                newer = other.generation > process.generation and len(heard) > 1 and up_to_date
                acting = process.leads and process.process._ticker is not None
                assert self.world.rolled_back or not (newer and acting), (process.generation, other.generation)

    # --- what has to come about once faults end

    def _settle(self) -> None:
        """With nothing going wrong any more, one leads, the newest version is in force and all is decided."""
        if not self.live:
            self.come(1)
        self.all_go_on(4 * 6, None)
        self.every_decided_tick_has_one_row_and_is_queued_once()
        leading = [process for process in self.live if process.leads]
        assert len(leading) == 1
        assert leading[0].generation == max(process.generation for process in self.live)
        known = {schedule.slug.encode() for schedule in leading[0].process._timetable.schedules}
        found: Any = self.world.client.hgetall(f"{ROOT}cursors")
        assert all(int(found[slug]) >= self.world.now - 4 for slug in known), (found, self.world.now)


class ThreeClocks(Protocol):
    clocks = 3


class Renames(Protocol):
    """With whole deploys and rollbacks among what happens: versions lead one after the other, and remember."""

    versions = ("old", "renamed", "renamed again")

    @precondition(lambda self: None in self.slots)
    @rule(kind=KINDS)
    def deploy(self, kind: int) -> None:
        self.come(kind)
        self.all_go_on(LIVES, None)

    @precondition(lambda self: len(self.live) > 1)
    @rule(killed=st.booleans())
    def the_leader_ends_and_another_follows(self, killed: bool) -> None:
        self.one_ends(next((n for n, process in enumerate(self.live) if process.leads), 0), killed)
        self.all_go_on(LIVES, None)


class RenamesAndBack(Renames):
    clocks = 3
    versions = ("renamed", "renamed back", "retimed")


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
FEW = settings(max_examples=35, stateful_step_count=30, deadline=None, derandomize=True, suppress_health_check=HEALTH)
MANY = settings(max_examples=60, stateful_step_count=50, deadline=None, print_blob=True, suppress_health_check=HEALTH)


@pytest.mark.parametrize("machine", [Protocol, ThreeClocks, Renames, RenamesAndBack])
def test_no_order_of_events_loses_or_doubles_a_tick(model: None, machine: type[Protocol]) -> None:
    run_state_machine_as_test(machine, settings=FEW)


@pytest.mark.slow
@pytest.mark.parametrize("machine", [Protocol, ThreeClocks, Renames, RenamesAndBack])
def test_no_order_of_many_events_loses_or_doubles_a_tick(model: None, machine: type[Protocol]) -> None:
    run_state_machine_as_test(machine, settings=MANY)
