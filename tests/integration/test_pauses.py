"""Pausing, resuming and skipping one run: what is not queued then, who did it, and what comes after."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import redis as redis_py

from rqclock.acts.activity import ALL, Entry, read
from rqclock.acts.marks import Changed, Mark, Marks
from rqclock.errors import RqclockError
from rqclock.logs import Json
from rqclock.views.history import read_history
from rqclock.views.status import ScheduleStatus, statuses
from tests.support.leader import BEGAN
from tests.support.server import Server
from tests.support.world import ANN, BOB, World

TEN = {"period": "10 seconds"}


@pytest.fixture
def world(redis: redis_py.Redis) -> World:
    return World(redis, tick=TEN, other=TEN)


def acts(world: World) -> list[Entry]:
    """What the activity says, oldest first."""
    return [replace(entry, at=0.0) for entry in read(world.redis, world.keys)][::-1]


def test_a_paused_schedule_is_skipped_with_who_and_why_and_the_others_run(world: World) -> None:
    world.pauses.pause(world.schedule(), ANN)
    world.on(10)
    row = world.leader.rows()[10]
    assert (row["is"], row["why"]) == ("skipped", "paused by Ann: the register is down")
    assert world.leader.decisions("other") == {10: "enqueued"}


def test_pausing_all_stops_every_schedule(world: World) -> None:
    world.pauses.pause(None, BOB)
    world.on(10)
    assert [world.leader.rows(name)[10]["why"] for name in ("tick", "other")] == ["paused by Bob"] * 2


def test_a_pause_with_an_end_is_over_then_by_itself(world: World) -> None:
    world.pauses.pause(world.schedule(), ANN, until=BEGAN + 25)
    world.on(40)
    assert world.leader.decisions() == {10: "skipped", 20: "skipped", 30: "enqueued", 40: "enqueued"}


def test_a_run_due_at_the_very_end_of_a_pause_is_queued(world: World) -> None:
    world.pauses.pause(world.schedule(), ANN, until=BEGAN + 20)
    world.on(20)
    assert world.leader.decisions() == {10: "skipped", 20: "enqueued"}


def test_a_pause_that_is_over_leaves_nothing_behind(world: World) -> None:
    world.pauses.pause(world.schedule(), ANN, until=BEGAN + 25)
    world.on(30)
    assert not world.redis.exists(world.keys.named("paused"))


def test_a_schedule_runs_again_after_it_was_resumed_and_nothing_bursts_out(world: World) -> None:
    world.pauses.pause(world.schedule(), ANN)
    world.on(30)
    world.pauses.resume(world.schedule(), BOB)
    world.on(20)
    assert world.leader.decisions() == {10: "skipped", 20: "skipped", 30: "skipped", 40: "enqueued", 50: "enqueued"}


def test_what_fell_due_in_a_pause_is_skipped_also_when_no_clock_ran_until_it_was_over(redis: redis_py.Redis) -> None:
    world = World(redis, tick={**TEN, "catch_up": "all", "catch_up_within": 600})
    world.pauses.pause(world.schedule(), ANN)
    world.time.pass_by(35)
    world.pauses.resume(world.schedule(), BOB)
    world.down(15)
    assert world.leader.decisions() == {10: "skipped", 20: "skipped", 30: "skipped", 40: "enqueued", 50: "enqueued"}


def test_resuming_one_schedule_leaves_the_pause_of_all(world: World) -> None:
    world.pauses.pause(None, ANN)
    world.pauses.pause(world.schedule(), BOB)
    preview = world.pauses.resume(world.schedule(), BOB)
    world.on(10)
    assert world.leader.rows()[10]["why"] == "paused by Ann: the register is down"
    assert preview is not None
    assert [pause.slug for pause in preview.still] == [ALL]
    assert preview.next == []


def test_resuming_all_leaves_those_that_are_paused_by_themselves(world: World) -> None:
    world.pauses.pause(None, ANN)
    world.pauses.pause(world.schedule(), BOB)
    preview = world.pauses.resume(None, ANN)
    world.on(10)
    assert (world.leader.decisions(), world.leader.decisions("other")) == ({10: "skipped"}, {10: "enqueued"})
    assert preview is not None
    assert [pause.slug for pause in preview.still] == ["tick"]


def test_a_preview_says_what_the_pause_took_and_what_comes_and_changes_nothing(world: World) -> None:
    world.pauses.pause(world.schedule(), ANN)
    world.on(34)
    preview = world.pauses.preview(world.schedule())
    assert preview is not None
    assert (preview.came, preview.more) == (3, False)
    assert [tick - BEGAN for tick, _ in preview.next] == [40]
    assert "tick" in world.pauses.in_force()


def test_resuming_what_is_not_paused_does_and_records_nothing(world: World) -> None:
    assert world.pauses.resume(world.schedule(), ANN) is None
    assert acts(world) == []


def test_a_second_pause_replaces_the_first_and_names_it(world: World) -> None:
    world.pauses.pause(world.schedule(), ANN)
    before = world.pauses.pause(world.schedule(), BOB)
    assert before is not None and before.by == "Ann"
    assert world.pauses.in_force()["tick"].by == "Bob"


def test_a_pause_that_would_be_over_already_is_refused(world: World) -> None:
    with pytest.raises(RqclockError, match="over already"):
        world.pauses.pause(world.schedule(), ANN, until=BEGAN)
    assert acts(world) == []


def test_a_schedule_that_is_in_no_timetable_cannot_be_paused(world: World) -> None:
    gone = world.schedule()
    world.deploy(other=TEN)
    with pytest.raises(RqclockError, match="in no timetable in force"):
        world.pauses.pause(gone, ANN)
    assert acts(world) == []


def test_run_now_runs_while_all_is_paused(world: World) -> None:
    world.pauses.pause(None, ANN)
    job = world.run_now()
    assert world.leader.queued() == [job]


def test_each_act_is_in_the_activity_with_who_why_and_from_where(world: World) -> None:
    world.pauses.pause(None, ANN, until=BEGAN + 60)
    world.pauses.resume(None, BOB)
    world.skips.skip_next(world.schedule(), ANN)
    world.skips.take_back(world.schedule(), BOB)
    job = world.run_now()
    assert acts(world) == [
        Entry("paused", "Ann", "*", "the register is down", "cli on web-1", {"until": "2027-01-15T08:01:00Z"}),
        Entry("resumed", "Bob", "*", detail={"paused_by": "Ann", "came": 0}),
        Entry("skip next", "Ann", "tick", "the register is down", "cli on web-1", {"tick": "2027-01-15T08:00:10Z"}),
        Entry("skip next taken back", "Bob", "tick", detail={"tick": "2027-01-15T08:00:10Z"}),
        Entry("run now", "Ann", "tick", detail={"job": job}),
    ]


def test_an_act_is_a_json_log_line(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "rqclock.activity"):
        world.pauses.pause(world.schedule(), ANN)
    line = json.loads(Json("clock").format(caplog.records[0]))
    assert (line["event"], line["who"], line["what"], line["schedule"]) == ("activity", "Ann", "paused", "tick")
    assert line["message"] == "paused tick by Ann: the register is down"


def test_a_key_of_another_kind_refuses_the_act_before_anything_is_written(world: World) -> None:
    world.redis.set(world.keys.named("activity"), "mine")
    with pytest.raises(RqclockError, match="rq:clock:default:activity holds something else"):
        world.pauses.pause(world.schedule(), ANN)
    assert not world.redis.exists(world.keys.named("paused"))


def test_a_resumption_that_another_person_forestalled_looks_again(world: World) -> None:
    """Between look and act Bob replaces Ann's pause: his is the one that is ended, and named."""
    world.pauses.pause(world.schedule(), ANN)
    preview = world.pauses.preview
    looked: list[Any] = []

    def slowly(target: Any) -> Any:
        found = preview(target)
        if not looked:
            looked.append(found)
            world.pauses.pause(target, BOB)
        return found

    world.pauses.preview = slowly  # type: ignore[method-assign]
    ended = world.pauses.resume(world.schedule(), ANN)
    assert ended is not None and ended.pause.by == "Bob"


def test_a_pause_that_nobody_can_read_stops_its_schedule_and_not_the_clock(world: World) -> None:
    world.redis.hset(world.keys.named("paused"), "tick", "nonsense")
    world.on(10)
    assert world.leader.rows()[10]["why"] == "paused by ?"
    assert world.leader.decisions("other") == {10: "enqueued"}
    assert world.pauses.in_force()["tick"].by == "?"


def test_people_can_pause_when_redis_is_full(redis_server: Server, world: World) -> None:
    world.redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(redis_py.OutOfMemoryError):
            world.redis.set("anything", "x" * 100)
        world.pauses.pause(None, ANN)
    finally:
        world.redis.config_set("maxmemory", 0)
    assert ALL in world.pauses.in_force()


# --- skipping one run


def test_the_next_run_and_only_that_is_skipped_with_who_and_why(world: World) -> None:
    world.on(10)
    assert world.skips.skip_next(world.schedule(), ANN).tick == BEGAN + 20
    world.on(20)
    assert world.leader.decisions() == {10: "enqueued", 20: "skipped", 30: "enqueued"}
    assert world.leader.rows()[20]["why"] == "skipped by Ann: the register is down"
    assert world.leader.decisions("other") == {10: "enqueued", 20: "enqueued", 30: "enqueued"}


def test_a_mark_that_was_used_or_is_past_is_gone(world: World) -> None:
    world.skips.skip_next(world.schedule(), ANN)
    world.skips.skip_next(world.schedule("other"), ANN)
    world.pauses.pause(world.schedule("other"), ANN)
    world.on(20)
    assert not world.redis.exists(world.keys.named("skips"))


def test_skipping_next_twice_skips_one_run(world: World) -> None:
    first, second = world.skips.skip_next(world.schedule(), ANN), world.skips.skip_next(world.schedule(), BOB)
    assert (first.already, second.already, second.by) == (False, True, "Ann")
    world.on(20)
    assert world.leader.decisions() == {10: "skipped", 20: "enqueued"}


def test_a_skip_that_is_taken_back_skips_nothing(world: World) -> None:
    world.skips.skip_next(world.schedule(), ANN)
    assert world.skips.take_back(world.schedule(), ANN) is not None
    world.on(10)
    assert world.leader.decisions() == {10: "enqueued"}
    assert world.skips.take_back(world.schedule(), ANN) is None


def test_a_run_on_a_holiday_is_not_the_one_that_is_skipped(redis: redis_py.Redis) -> None:
    world = World(redis, tick={"period": "day", "if_holiday": "skip", "calendar": "GB-ENG", "at": "09:00"})
    world.time.now = BEGAN + 69 * 86_400 + 7200  # Thursday 25 March 2027, 10:00; the next day is Good Friday
    assert world.skips.skip_next(world.schedule(), ANN).tick == BEGAN + 71 * 86_400 + 3600


def test_the_next_run_is_the_next_undecided_one_whatever_time_it_seems_to_be(world: World) -> None:
    world.on(10)
    world.time.pass_by(-5)
    assert world.skips.skip_next(world.schedule(), ANN).tick == BEGAN + 20


def test_a_run_already_decided_cannot_be_marked(world: World) -> None:
    world.on(20)
    mark = Mark("skips", world.schedule(), {"tick": BEGAN + 20, "by": "Ann"}, undecided=BEGAN + 20)
    with pytest.raises(Changed):
        Marks(world.redis, world.keys).write(mark, Entry("skip next", "Ann"))
    assert not world.redis.exists(world.keys.named("skips"))


# --- where it shows


def stand(world: World) -> dict[str, ScheduleStatus]:
    """How the schedules stand at the world's own time."""
    schedules = world.leader.timetable.schedules
    return {one.name: one for one in statuses(world.redis, world.keys, schedules, world.now())}


def test_the_status_shows_pauses_and_skips_that_still_hold(redis: redis_py.Redis) -> None:
    world = World(redis, tick={"period": "day"}, other={"period": "day"}, third={"period": "day"})
    world.pauses.pause(world.schedule(), ANN, until=BEGAN + 3600)
    world.skips.skip_next(world.schedule("other"), BOB)
    found = stand(world)
    assert found["tick"].paused is not None and found["other"].skip is not None
    assert (found["tick"].paused["by"], found["tick"].paused["until"]) == ("Ann", BEGAN + 3600)
    assert found["other"].skip["by"] == "Bob"
    assert (found["third"].paused, found["third"].skip) == (None, None)
    world.pauses.resume(world.schedule(), ANN)
    assert stand(world)["tick"].paused is None


def test_the_history_says_by_whom_a_run_was_skipped(world: World) -> None:
    world.pauses.pause(world.schedule(), ANN)
    world.on(10)
    runs = read_history(world.redis, world.keys, world.schedule(), 5)
    assert [(run.decision, run.reason) for run in runs] == [("skipped", "paused by Ann: the register is down")]
