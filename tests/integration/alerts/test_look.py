"""A look at Redis: what is told, and when it is over. The test says what time it is."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import redis as redis_py
from rq import Queue

from rqclock import Clock, Job
from rqclock.acts.activity import read
from rqclock.acts.failed import REQUEUE, FailedJobs, Filter
from rqclock.alerts.look import Look
from rqclock.alerts.notice import Sender
from rqclock.alerts.register import Register
from rqclock.alerts.teller import FEW, Teller
from rqclock.running.entries import Outage
from tests.support import jobs
from tests.support.leader import BEGAN, Leader
from tests.support.world import ANN, World

LINE = {"period": "10 seconds", "must_start_within": "30 seconds", "must_finish_within": "60 seconds"}


class Watched:
    """A world that is watched; `told` are event and kind of all notices so far, and how often."""

    def __init__(self, redis: redis_py.Redis, world: Any, *channels: str) -> None:
        self.world = world
        self.channels = channels or ("webhook",)
        self.register = Register(redis, "rq")
        self.look = Look(redis, "rq", silent_after=30.0, pinging="ping" in self.channels)
        self.teller = Teller(self.register, Sender(), self.channels)
        self.told: Counter[tuple[str, str]] = Counter()
        self.texts: list[str] = []

    def watch(self, *, ahead: float = 0.0) -> Counter[tuple[str, str]]:
        """One look, and what it newly told. `ahead` is how many seconds Redis's time is before the clock's."""
        time = self.world.time
        self.teller.tell(self.look.at_clocks(time.monotonic), time.now + ahead)
        self.teller.tell(self.look.at_the_rest(time.now + ahead), time.now + ahead)
        fresh = Counter(self._arrived(ahead))
        self.told += fresh
        return fresh

    def _arrived(self, ahead: float) -> list[tuple[str, str]]:
        found = []
        for channel in self.channels:
            while (message := self.register.take(channel, self.world.time.now + ahead + 1)) is not None:
                self.register.done(message)
                found.append((message.notice["event"], message.notice.get("kind", message.notice.get("schedule"))))
                self.texts.append(str(message.notice.get("text", "")))
        return found


@pytest.fixture
def world(redis: redis_py.Redis) -> World:
    return World(redis, report=LINE)


@pytest.fixture
def watched(redis: redis_py.Redis, world: World) -> Watched:
    return Watched(redis, world)


def test_a_healthy_world_tells_nothing(watched: Watched, world: World) -> None:
    for _ in range(10):
        world.on(10)
        world.leader.work()
        world.leader.beat()
        assert watched.watch() == {}


def test_jobs_that_wait_for_a_worker_are_told_once_and_are_over_when_one_comes(watched: Watched, world: World) -> None:
    world.on(30)
    world.leader.beat()
    assert watched.watch() == {}
    for _ in range(5):
        world.on(20)
        world.leader.beat()
        watched.watch()
    assert watched.told == {("alert", "not-started"): 1, ("alert", "not-finished"): 1}
    world.leader.work()
    assert watched.watch() == {("back", "not-started"): 1, ("back", "not-finished"): 1}


def test_runs_that_a_silent_clock_did_not_come_to_are_told_too(watched: Watched, world: World) -> None:
    world.on(20)
    world.leader.work()
    world.leader.beat()
    watched.watch()
    world.time.pass_by(31)
    assert watched.watch() == {("alert", "clock-silent"): 1}
    world.time.pass_by(20)
    assert watched.watch() == {("alert", "not-started"): 1}
    world.leader.lead(Outage(BEGAN + 20))
    world.leader.step()
    world.leader.beat()
    world.leader.work()
    assert watched.watch() == {("back", "clock-silent"): 1, ("back", "not-started"): 1}


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_a_jump_of_redis_s_time_is_told_until_it_is_accepted_and_makes_no_run_late(
    watched: Watched, world: World, jump: float
) -> None:
    world.on(10)
    world.leader.work()
    watched.watch()
    world.leader.lease.held = jump
    world.leader.beat()
    assert watched.watch(ahead=jump) == {("alert", "time-held"): 1}
    assert f"jumped {'ahead' if jump > 0 else 'back'} by 1 h" in watched.texts[-1]
    world.leader.lease.held = 0.0
    world.time.now += jump
    world.leader.beat()
    assert watched.watch()["back", "time-held"] == 1  # after a jump ahead, runs are late


def test_what_a_person_paused_or_skipped_is_no_alarm(watched: Watched, world: World) -> None:
    world.pauses.pause(world.schedule("report"), ANN)
    world.time.pass_by(3600)  # also when no clock has come to it
    watched.watch()
    world.leader.look_anew(Outage(BEGAN))
    world.leader.step()
    world.leader.beat()
    world.on(600, step=10)
    world.leader.beat()
    watched.watch()
    assert watched.told == {}


def test_a_missed_run_is_told_and_over_with_the_next_that_goes_well(redis: redis_py.Redis) -> None:
    world = World(redis, report=LINE | {"catch_up": "none"})
    watched = Watched(redis, world)
    world.on(10)
    world.leader.work()
    world.leader.beat()
    watched.watch()
    world.down(121)
    world.leader.beat()
    assert watched.watch()[("alert", "not-started")] == 1
    assert "it was missed: outside the catch-up window: clock was down" in " ".join(watched.texts)
    world.on(20)
    world.leader.beat()
    world.leader.work()
    assert watched.watch()[("back", "not-started")] == 1


def due(redis: redis_py.Redis, function: Any) -> tuple[Leader, Watched]:
    """A schedule every ten minutes, with its first run in the queue."""
    clock = Clock()
    clock.every("10 minutes", name="report").enqueue(function)
    leader = Leader(redis, clock).lead()
    leader.step(601)
    return leader, Watched(redis, leader)


def refuse() -> None:
    raise ValueError("no such pupil")


def test_a_job_that_failed_for_good_is_told_and_over_when_it_ran_well_after_all(
    redis: redis_py.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    leader, watched = due(redis, jobs.once)
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "once", refuse)
        leader.work()
    assert watched.watch() == {("alert", "failed-for-good"): 1}
    assert "ValueError: no such pupil" in watched.texts[-1]
    failed = FailedJobs(redis, leader.keys)
    failed.act(REQUEUE, failed.find(Filter()), ANN, Filter())
    assert watched.watch() == {}
    leader.work()
    assert watched.watch() == {("back", "failed-for-good"): 1}


def test_a_job_that_will_be_tried_again_has_not_failed_for_good(redis: redis_py.Redis) -> None:
    leader, watched = due(redis, jobs.retried)
    leader.work("mail")
    assert watched.watch() == {}


def test_jobs_of_application_code_that_failed_are_told_by_queue(redis: redis_py.Redis, watched: Watched) -> None:
    queue = Queue("letters", connection=redis, job_class=Job)
    queue.enqueue(jobs.fail)
    watched.world.leader.work("letters")
    watched.world.time.now = redis.time()[0]
    assert watched.watch()[("alert", "jobs-failed")] == 1
    queue.enqueue(jobs.fail)
    watched.world.leader.work("letters")
    assert ("alert", "jobs-failed") not in watched.watch()


def test_many_that_are_wrong_in_the_same_way_are_one_notice_and_so_is_their_end(redis: redis_py.Redis) -> None:
    world = World(redis, **{f"report {n}": {"period": "10 seconds", "must_start_within": 30} for n in range(20)})
    watched = Watched(redis, world)
    world.on(60)
    world.leader.beat()
    assert watched.watch() == {("alert", "not-started"): 1}
    assert "Likewise 19 more: report " in watched.texts[-1]
    assert len(watched.register.open()) == 20 > FEW
    world.leader.work()
    assert watched.watch() == {("back", "not-started"): 1}
    assert watched.register.open() == {}


def test_a_schedule_that_leaves_the_timetable_takes_its_alert_along(watched: Watched, world: World) -> None:
    world.on(60)
    world.leader.beat()
    watched.watch()
    world.deploy(other={"period": "10 seconds"})
    world.leader.beat()
    told = watched.watch()
    assert told[("over", "not-started")] == 1


def test_each_event_of_a_run_is_pinged_once(redis: redis_py.Redis, world: World) -> None:
    watched = Watched(redis, world, "ping")
    world.time.now = float(redis.time()[0])  # RQ's own times are the machine's
    clock = Clock()
    clock.every("second", name="tick").enqueue(jobs.plain)
    leader = Leader(redis, clock, world.time).lead()
    leader.step(1)
    leader.work()
    assert watched.watch() == {("start", "tick"): 1, ("success", "tick"): 1}
    assert watched.watch() == {}


def test_an_alert_outlives_the_watcher_that_raised_it(redis: redis_py.Redis, world: World) -> None:
    world.on(60)
    world.leader.beat()
    Watched(redis, world).watch()
    after = Watched(redis, world)
    assert after.watch() == {}
    world.leader.work()
    assert after.watch()[("back", "not-started")] == 1


def test_the_activity_says_which_alert_and_by_whom_it_was_seen(world: World, watched: Watched) -> None:
    world.on(60)
    world.leader.beat()
    watched.watch()
    entries = {entry.detail["alert"]: entry for entry in read(world.redis, world.keys) if entry.what == "alert"}
    entry = entries["not-started"]
    assert (entry.schedule, entry.who) == ("report", "rqclock")
    assert entry.why.startswith("report has not started in time") and entry.where.startswith("watching on ")
