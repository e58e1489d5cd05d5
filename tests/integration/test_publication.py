"""A timetable comes into force: what begins, what is retimed, what leaves and comes back. No tick is lost in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import redis as redis_py

from rqclock import Clock
from rqclock.store.in_force import read_schedules
from rqclock.store.ledger import Fenced, NotPublished
from rqclock.timetable.schedules import Schedule
from tests.support import jobs
from tests.support.leader import BEGAN, Leader, Time, seconds

TICK = "rq:clock:default:"


def every(period: str, *, function: Any = jobs.plain, **options: Any) -> Clock:
    return seconds("tick", period=period, **options) if function is jobs.plain else _other(period, function, options)


def _other(period: str, function: Any, options: dict[str, Any]) -> Clock:
    clock = Clock()
    clock.every(period, name="tick", **options).enqueue(function)
    return clock


def test_a_new_schedule_begins_at_its_publication_and_not_before(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds()).lead()
    assert leader.cursor() == BEGAN
    leader.step(1)
    assert leader.decisions() == {1: "enqueued"}


def test_publishing_again_moves_no_cursor(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds()).lead()
    leader.step(3)
    leader.time.pass_by(5)
    leader.look_anew(publish=True)
    assert leader.cursor() == BEGAN + 3


def test_a_schedule_whose_job_alone_changed_keeps_its_cursor_and_gets_its_new_job(redis: redis_py.Redis) -> None:
    time = Time()
    Leader(redis, every("second"), time).lead().step(3)
    time.pass_by(2)
    new = Leader(redis, every("second", function=jobs.retried), time).lead()
    new.step()
    assert new.queued("mail") == new.ids(4, 5)


def test_a_tick_that_was_due_by_the_old_rule_is_decided_by_it_before_the_new_one_begins(redis: redis_py.Redis) -> None:
    time = Time()
    Leader(redis, every("10 seconds"), time).lead().step(15)
    time.pass_by(7)
    new = Leader(redis, every("4 seconds"), time).lead()
    new.step(3)
    assert new.decisions() == {10: "enqueued", 20: "enqueued", 24: "enqueued"}


def test_what_a_deploy_missed_of_the_old_rule_is_told_as_missed(redis: redis_py.Redis) -> None:
    time = Time()
    Leader(redis, every("2 seconds", catch_up="none"), time).lead().step(2)
    time.pass_by(60)
    new = Leader(redis, every("4 seconds"), time).lead()
    rows = new.rows()
    assert [rows[tick]["is"] for tick in (2, 50)] == ["enqueued", "missed"]
    assert rows[50]["from"] == BEGAN + 4
    assert [tick for tick in rows if tick > 50] == [52, 54, 56, 58, 60, 62]  # not too late: enqueued


def test_the_condition_of_a_retimed_schedule_is_asked_about_its_last_ticks_too(redis: redis_py.Redis) -> None:
    time = Time()
    never = {"if_": lambda local: False}
    Leader(redis, every("10 seconds", **never), time).lead()
    time.pass_by(12)
    new = Leader(redis, every("4 seconds", **never), time).lead()
    assert new.decisions() == {10: "skipped"}


def test_a_schedule_that_leaves_decides_its_last_ticks_and_keeps_its_history(redis: redis_py.Redis) -> None:
    time = Time()
    old = Leader(redis, seconds("tick", "other"), time).lead()
    old.step(2)
    time.pass_by(1)
    Leader(redis, seconds("tick"), time).lead()
    assert old.decisions("other") == {1: "enqueued", 2: "enqueued", 3: "missed"}
    assert "removed" in old.rows("other")[3]["why"]
    assert redis.hget(TICK + "retired", "other") == str(BEGAN + 3).encode()
    assert redis.hget(TICK + "definitions", "other") is None
    assert redis.exists(TICK + "template:other") == 0


def test_a_schedule_that_comes_back_starts_from_its_return(redis: redis_py.Redis) -> None:
    time = Time()
    Leader(redis, seconds("tick", "other"), time).lead().step(2)
    Leader(redis, seconds("tick"), time).lead()
    time.pass_by(100)
    back = Leader(redis, seconds("tick", "other"), time).lead()
    back.step(1)
    assert back.decisions("other") == {1: "enqueued", 2: "enqueued", 103: "enqueued"}
    assert redis.hget(TICK + "retired", "other") is None


def test_a_clock_that_led_before_a_schedule_left_does_not_repeat_it_when_it_leads_again(redis: redis_py.Redis) -> None:
    time = Time()
    first = Leader(redis, seconds("tick", "other"), time).lead()
    first.step(2)
    sibling = Leader(redis, seconds("tick", "other"), time).lead()
    sibling.step(8)
    Leader(redis, seconds("tick"), time).lead().step(1)
    redis.delete("rq:queue:default", *(f"rq:job:{job}" for job in sibling.queued()))  # they ran and are forgotten
    time.pass_by(1)
    first.lead()
    first.step()
    assert first.forgotten == []
    assert [job for job in first.queued() if job.startswith("other")] == []


def test_a_publication_cut_in_the_middle_is_in_force_for_nobody(redis: redis_py.Redis) -> None:
    names = [f"s{n}" for n in range(150)]
    time = Time()
    old = Leader(redis, seconds(*names), time).lead()
    new = Leader(redis, _mail(names), time).join().beat()
    new.acquire()
    next(new.ledger.publish(new.timetable, int(time.now)))  # the first 100, then it is killed
    old.beat()
    assert old.acquire()
    with pytest.raises(NotPublished):
        old.fire(old.entry(1, "s0"))
    old.look_anew()
    old.step(1)
    assert len(old.queued()) == 150
    assert old.queued("mail") == []


def test_a_publication_cut_in_the_middle_loses_no_tick_of_what_it_had_not_reached(redis: redis_py.Redis) -> None:
    names = [f"s{n}" for n in range(150)]
    time = Time()
    Leader(redis, seconds(*names, period="2 seconds"), time).lead()
    first = Leader(redis, seconds(*names, period="5 seconds"), time).join().beat()
    first.acquire()
    next(first.ledger.publish(first.timetable, BEGAN))
    time.pass_by(4)
    second = Leader(redis, seconds(*names, period="5 seconds"), time).lead()
    second.step(1)
    assert second.decisions("s0") == {5: "enqueued"}
    assert second.decisions("s149") == {2: "enqueued", 4: "enqueued", 5: "enqueued"}


def _mail(names: list[str]) -> Clock:
    clock = Clock()
    for name in names:
        clock.every("second", name=name).enqueue(jobs.retried)
    return clock


def test_only_the_leader_publishes(redis: redis_py.Redis) -> None:
    time = Time()
    old = Leader(redis, seconds("old"), time).lead()
    Leader(redis, seconds("new"), time).lead()
    before = redis.hgetall(TICK + "timetable")
    with pytest.raises(Fenced):
        list(old.ledger.publish(old.timetable, BEGAN))
    assert redis.hgetall(TICK + "timetable") == before


def test_a_publication_that_arrives_twice_does_not_set_back_what_was_decided_in_between(
    redis: redis_py.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = Time()
    Leader(redis, every("second"), time).lead().step(2)
    new = Leader(redis, every("2 seconds"), time)
    sent: list[Any] = []
    call = new.ledger._scripts.call

    def noted(*args: Any) -> Any:
        sent.append(args)
        return call(*args)

    monkeypatch.setattr(new.ledger._scripts, "call", noted)
    new.lead()
    new.step(10)
    delayed = next(args for args in sent if args[0] == "publish")
    call(*delayed)  # a copy that a slow network delivers late
    assert new.cursor() == BEGAN + 12
    assert redis.llen(TICK + "versions:tick") == 2


def test_a_retimed_schedule_never_goes_back_behind_what_was_decided(redis: redis_py.Redis) -> None:
    ahead, behind = Time(now=BEGAN + 20), Time()
    Leader(redis, every("second"), Time()).lead()
    Leader(redis, every("2 seconds"), ahead).lead().step()
    later = Leader(redis, every("5 seconds"), behind).lead()  # a clock whose estimate of Redis's time is behind
    assert later.cursor() >= BEGAN + 20


def test_every_change_of_a_definition_is_kept_with_the_instant_it_began(redis: redis_py.Redis) -> None:
    time = Time()
    Leader(redis, every("second"), time).lead()
    time.pass_by(5)
    Leader(redis, every("2 seconds"), time).lead()
    Leader(redis, every("2 seconds"), time).lead(publish=True)
    versions = [json.loads(row) for row in redis.lrange(TICK + "versions:tick", 0, -1)]
    assert [version["began"] for version in versions] == [BEGAN, BEGAN + 5]
    assert versions[1]["definition"]["trigger"]["every"] == "2 seconds"


def test_a_template_that_someone_deleted_is_there_again_after_publishing_anew(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds()).lead()
    redis.delete(TICK + "template:tick")
    with pytest.raises(NotPublished):
        leader.step(1)
    leader.look_anew(publish=True)
    leader.step()
    assert leader.decisions() == {1: "enqueued"}


def test_a_cursor_that_someone_deleted_ends_in_a_new_beginning_and_not_in_silence(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds("tick", "other")).lead()
    redis.hdel(TICK + "cursors", "tick")
    with pytest.raises(NotPublished):
        leader.step(1)
    leader.look_anew(publish=True)
    leader.step(1)
    assert leader.decisions()[2] == "enqueued"
    assert leader.decisions("other") == {1: "enqueued", 2: "enqueued"}


def test_a_cursor_that_someone_deleted_is_put_back_where_the_clock_remembers_it(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds()).lead()
    leader.step(1)
    redis.hdel(TICK + "cursors", "tick")
    with pytest.raises(NotPublished):
        leader.step(2)
    leader.look_anew(publish=True)
    leader.step()
    assert leader.decisions() == {1: "enqueued", 2: "enqueued", 3: "enqueued"}


def test_a_rollback_of_a_rename_repeats_nothing_under_the_old_name(redis: redis_py.Redis) -> None:
    time = Time()
    old = Leader(redis, seconds("old"), time).lead()
    old.step(2)
    new = Leader(redis, seconds("new", renamed_from="old"), time).lead()
    for _ in range(8):
        new.step(1)
    time.pass_by(1)
    old.lead()
    old.step()
    old.step(1)
    assert [job for job in old.queued() if job.startswith("old")] == old.ids(1, 2, 11, 12, name="old")


def test_a_definition_that_cannot_be_read_does_not_keep_a_rolled_back_clock_from_leading(
    redis: redis_py.Redis,
) -> None:
    time = Time()
    Leader(redis, seconds("tick", "other"), time).lead().step(2)
    for slug in ("tick", "other", "new"):
        trigger = {"tides": "high water at London Bridge"}
        redis.hset(TICK + "definitions", slug, json.dumps({"slug": slug, "trigger": trigger}))
    redis.hset(TICK + "timetable", "fingerprint", "of the newer rqclock")
    back = Leader(redis, seconds("tick", "other"), time).lead()
    back.step(1)
    assert back.decisions() == {1: "enqueued", 2: "enqueued", 3: "enqueued"}
    assert [found.name for found in read_schedules(redis, back.keys)] == ["other", "tick"]


def test_a_definition_of_a_newer_rqclock_is_read_as_far_as_it_is_understood(redis: redis_py.Redis) -> None:
    leader = Leader(redis, seconds()).lead()
    definition = leader.schedule().definition()
    definition["policies"]["of_the_future"] = 1
    definition["target"]["options"]["of_the_future"] = 1
    definition["of_the_future"] = 1
    assert Schedule.from_definition(definition) == leader.schedule()


@pytest.mark.parametrize("garbage", ["x", "1795326133.5", "0x1F", "1e400", "-7", "9" * 20])
def test_a_cursor_that_is_no_number_of_ours_is_put_back_to_the_last_run_that_is_recorded(
    redis: redis_py.Redis, garbage: str
) -> None:
    leader = Leader(redis, seconds("tick", "tock")).lead()
    leader.step(3)
    redis.hset("rq:clock:default:cursors", "tick", garbage)
    with pytest.raises(NotPublished):
        leader.step(1)
    anew = Leader(redis, seconds("tick", "tock"), leader.time).lead(publish=True)
    anew.step(2)
    assert list(anew.decisions("tick")) == list(anew.decisions("tock")) == [1, 2, 3, 4, 5, 6]
    assert set(anew.decisions("tick").values()) == {"enqueued"}
