"""`why` has an answer in words for every instant: run, not run, never due, not yet, no longer known."""

from __future__ import annotations

import re

import pytest
import redis as redis_py

from rqclock.aftercare.retention import KEPT, Retention
from rqclock.errors import RqclockError
from rqclock.store.keys import Keys
from rqclock.views.why import explain, explain_span
from tests.support import jobs
from tests.support.leader import BEGAN
from tests.support.world import ANN, World

TEN = {"period": "10 seconds"}


@pytest.fixture
def world(redis: redis_py.Redis) -> World:
    return World(redis)


def said(world: World, second: int, name: str = "tick") -> tuple[str, str]:
    explanation = world.why(second, name)
    return explanation.answer, explanation.text


def test_a_run_that_was_queued_says_how_late_and_under_which_id_and_where_it_is(world: World) -> None:
    world.leader.step(10.5)
    id_ = world.leader.ids(10)[0]
    assert said(world, 10) == ("enqueued", f"queued, 0.500 s after its time as {id_}; waiting in its queue")


def test_a_run_that_ended_says_how(world: World) -> None:
    world.on(10)
    world.leader.work()
    explanation = world.why(10)
    assert explanation.run is not None and explanation.run.status == "finished"
    assert re.search(r"; ran well after \d", explanation.text)


def test_a_run_that_failed_says_with_what_error(redis: redis_py.Redis) -> None:
    from rqclock import Clock
    from tests.support.leader import Leader

    clock = Clock()
    clock.every("10 seconds", name="tick").enqueue(jobs.fail)
    leader = Leader(redis, clock).lead()
    leader.step(10)
    leader.work()
    text = explain(redis, leader.keys, "tick", BEGAN + 10, now=lambda: leader.time.now).text
    assert text.endswith("ValueError: the door is shut")


def test_a_run_that_was_skipped_says_by_whom_and_why(world: World) -> None:
    world.pauses.pause(None, ANN)
    world.on(10)
    assert said(world, 10) == ("skipped", "skipped: paused by Ann: the register is down")


def test_a_run_skipped_because_one_still_ran_names_that_job(redis: redis_py.Redis) -> None:
    world = World(redis, tick={**TEN, "overlap": "skip"})
    world.on(20)
    answer, text = said(world, 20)
    assert (answer, world.leader.ids(10)[0] in text) == ("skipped", True)


def test_every_run_of_an_outage_says_from_when_to_when_the_clock_was_down(world: World) -> None:
    world.on(10).down(60)
    for second in (20, 30, 40, 50):
        answer, text = said(world, second)
        assert answer == "missed"
        assert text == "missed: outside the catch-up window: clock was down 15 Jan 08:00:10 to 15 Jan 08:01:10"


def test_an_instant_between_two_runs_names_them(world: World) -> None:
    world.on(30)
    explanation = world.why(25)
    assert explanation.answer == "not due"
    assert explanation.nearest == (BEGAN + 20, BEGAN + 30)
    assert explanation.text == (
        "not due then: the nearest are Fri 15 Jan 2027 08:00:20 UTC and Fri 15 Jan 2027 08:00:30 UTC"
    )


def test_the_night_when_a_time_does_not_exist_is_explained(redis: redis_py.Redis) -> None:
    world = World(redis, tick={"period": "day", "at": "01:30", "tz": "Europe/London"})
    world.time.now = 1_806_200_000  # Sunday 28 March 2027, a little after the clocks went forward
    world.leader.look_anew()
    explanation = explain(redis, world.keys, "tick", 1_806_197_400, now=world.now)  # 01:30, were there such a time
    assert explanation.answer == "not due"
    assert "01:30 does not exist" in explanation.text


def test_a_run_that_is_due_and_not_decided_says_so_and_since_when_no_clock_leads(world: World) -> None:
    world.on(10)
    world.time.pass_by(65)
    answer, text = said(world, 20)
    assert answer == "undecided"
    assert text == "due 55 s ago and not decided yet: no clock leads since Fri 15 Jan 2027 08:00:00 UTC"


def test_a_run_to_come_says_when_and_what_stands_in_its_way(world: World) -> None:
    assert said(world, 20) == ("future", "due in 20 s")
    world.skips.skip_next(world.schedule(), ANN)
    assert said(world, 10)[1] == "due in 10 s; as it stands it will be skipped: skipped by Ann: the register is down"
    world.pauses.pause(None, ANN, until=BEGAN + 100)
    assert (
        said(world, 90)[1] == "due in 1 min 30 s; as it stands it will be skipped: paused by Ann: the register is down"
    )
    assert said(world, 100)[1] == "due in 1 min 40 s"


def test_an_instant_before_the_first_definition_says_when_that_began(world: World) -> None:
    answer, text = said(world, -10)
    assert answer == "before"
    assert text.startswith("its definition began on Fri 15 Jan 2027 08:00:00 UTC")
    assert world.why(-10).nearest == (None, BEGAN + 10)


def test_a_schedule_that_was_out_of_the_timetable_says_from_when_to_when(redis: redis_py.Redis) -> None:
    world = World(redis, tick=TEN, other=TEN)
    world.on(10).deploy(other=TEN).on(20)
    assert explain(redis, world.keys, "tick", BEGAN + 20, now=world.now).text == (
        "it was not in the timetable from Fri 15 Jan 2027 08:00:13 UTC"
    )
    world.deploy(tick=TEN, other=TEN)
    explanation = explain(redis, world.keys, "tick", BEGAN + 20, now=world.now)
    assert explanation.answer == "absent"
    assert explanation.text.endswith("from Fri 15 Jan 2027 08:00:13 UTC to Fri 15 Jan 2027 08:00:36 UTC")
    assert explanation.nearest == (BEGAN + 10, BEGAN + 40)


def test_a_retimed_schedule_is_explained_by_the_rule_of_that_time(world: World) -> None:
    world.on(30).deploy(tick={"period": "4 seconds"}).on(10)
    assert [world.why(second).answer for second in (20, 24, 36, 38)] == ["enqueued", "not due", "enqueued", "not due"]


def test_a_schedule_that_is_switched_off_says_so(redis: redis_py.Redis) -> None:
    world = World(redis, tick={**TEN, "enabled": False})
    world.time.pass_by(20)
    assert said(world, 10) == ("not due", "it was switched off (enabled=False)")


def test_a_run_of_which_only_the_number_is_kept_ran_well(world: World) -> None:
    world.on(100)
    world.leader.work()
    Retention(world.redis, world.keys, rows=3).step(world.now())
    answer, text = said(world, 10)
    assert (answer, "ran well" in text) == ("enqueued", True)


def test_a_run_older_than_what_is_kept_says_so(world: World) -> None:
    world.on(30)
    world.leader.work()
    world.time.pass_by(KEPT + 100)
    world.redis.hset(world.keys.named("cursors"), "tick", int(world.now()))
    Retention(world.redis, world.keys).step(world.now())
    assert said(world, 10) == ("too old", "older than the 30 days that are kept")


def test_a_run_of_which_nothing_is_recorded_points_to_the_audit(world: World) -> None:
    world.on(30)
    world.redis.hdel(world.keys.of("ledger", "tick"), str(BEGAN + 20))
    assert said(world, 20)[0] == "unrecorded"
    assert "rqclock audit" in said(world, 20)[1]


def test_a_minute_is_explained_by_each_of_its_runs_and_by_those_that_people_asked_for(world: World) -> None:
    world.on(70)
    world.run_now()  # at Redis's own time, which is not the test's
    found = explain_span(world.redis, world.keys, "tick", BEGAN, BEGAN + 59)
    assert [explanation.instant - BEGAN for explanation in found] == [10, 20, 30, 40, 50]
    at = int(world.redis.time()[0])
    found = explain_span(world.redis, world.keys, "tick", at - 60, at)
    [asked] = [explanation for explanation in found if explanation.answer == "enqueued"]
    assert "run now by Ann" in asked.text


def test_a_schedule_that_nobody_ever_published_is_an_error(redis: redis_py.Redis) -> None:
    with pytest.raises(RqclockError, match="no clock has ever published a schedule 'nothing'"):
        explain(redis, Keys("rq", "default"), "nothing", BEGAN)
