"""The audit finds what is not as it must be, says what nobody can know, and is still about all the rest."""

from __future__ import annotations

import json
from typing import Any

import pytest
import redis as redis_py

from rqclock.acts.activity import STATE_LOST, Entry, record
from rqclock.aftercare.retention import KEPT, Retention
from rqclock.views.findings import UNVERIFIABLE
from tests.support.leader import BEGAN
from tests.support.world import ANN, World


@pytest.fixture
def world(redis: redis_py.Redis) -> World:
    return World(redis)


def ledger(world: World, name: str = "ledger") -> str:
    return world.keys.of(name, "tick")


def ran(world: World, seconds: int = 50) -> World:
    """Time has passed, and a worker has emptied the queue."""
    world.on(seconds)
    world.leader.work()
    return world


def rewrite(world: World, second: int, **values: Any) -> None:
    world.redis.hset(ledger(world), str(BEGAN + second), json.dumps(values))
    world.redis.zadd(ledger(world, "index"), {str(BEGAN + second): BEGAN + second})


def test_an_audit_counts_the_runs_that_were_due_by_what_was_decided(world: World) -> None:
    world.on(30).down(60)
    world.pauses.pause(None, ANN)
    audit = world.on(20).audit()
    assert list(audit.findings()) == []
    assert audit.runs == 11
    assert audit.decisions == {"enqueued": 5, "missed": 4, "skipped": 2}


def test_a_row_deleted_by_hand_is_found(world: World) -> None:
    ran(world)
    world.redis.hdel(ledger(world), str(BEGAN + 30))
    assert world.found() == [("missing", 30)]


def test_a_row_deleted_together_with_its_place_in_the_index_is_found(world: World) -> None:
    ran(world)
    world.redis.hdel(ledger(world), str(BEGAN + 50), str(BEGAN + 10))
    world.redis.zrem(ledger(world, "index"), str(BEGAN + 50), str(BEGAN + 10))
    assert world.found() == [("missing", 10), ("missing", 50)]


def test_every_run_of_a_deleted_gap_is_found(world: World) -> None:
    world.on(10).down(40).on(20)
    gap = next(second for second, row in world.leader.rows().items() if "from" in row)
    world.redis.hdel(ledger(world), str(BEGAN + gap))
    assert world.found() == [("missing", 20), ("missing", 30)]


def test_a_row_that_no_list_of_runs_shows_is_found(world: World) -> None:
    world.on(50)
    world.redis.zrem(ledger(world, "index"), str(BEGAN + 30))
    assert world.found() == [("not in the index", 30)]


def test_a_decision_on_an_instant_that_was_not_due_is_found(world: World) -> None:
    world.on(30)
    rewrite(world, 15, **{"is": "missed", "at": 0})
    assert world.found() == [("extra", 15)]


def test_a_run_that_is_decided_and_in_a_gap_as_well_is_found(world: World) -> None:
    world.on(30).down(60)
    gap = next(second for second, row in world.leader.rows().items() if "from" in row)
    rewrite(world, gap, **{**world.leader.rows()[gap], "from": BEGAN + 20})
    assert world.found() == [("twice", 30)]


def test_a_job_that_lies_in_its_queue_twice_is_found(world: World) -> None:
    world.on(30)
    world.redis.rpush("rq:queue:default", world.leader.ids(20)[0])
    assert world.found() == [("twice", 20)]


def test_a_job_that_lies_in_two_queues_is_found(world: World) -> None:
    world.on(30)
    world.redis.sadd("rq:queues", "rq:queue:mail")
    world.redis.lpush("rq:queue:mail", world.leader.ids(20)[0])
    assert world.found() == [("twice", 20)]


def test_a_job_in_a_queue_without_a_decision_is_found(world: World) -> None:
    world.pauses.pause(None, ANN)
    world.on(30)
    world.redis.rpush("rq:queue:default", *world.leader.ids(20, 25))
    world.redis.sadd("rq:queues", "rq:queue:default")
    assert world.found() == [("job", 20), ("job", 25)]


def test_a_job_of_a_run_that_was_skipped_is_found_also_when_it_has_left_the_queue(world: World) -> None:
    world.pauses.pause(None, ANN)
    world.on(30)
    world.redis.hset(world.keys.job(world.leader.ids(20)[0]), "status", "finished")
    assert world.found() == [("job", 20)]


def test_a_run_refused_because_of_a_job_under_its_id_is_no_difference(world: World) -> None:
    world.redis.hset(world.keys.job(world.leader.ids(20)[0]), "status", "queued")
    world.on(30)
    assert world.leader.decisions()[20] == "refused"
    assert world.found() == []


def test_a_queued_run_whose_job_is_known_nowhere_is_found(world: World) -> None:
    world.on(30)
    world.redis.zrem(world.keys.named("open"), world.leader.ids(20)[0])
    assert world.found() == [("job", 20)]


def test_runs_that_ended_and_that_rq_has_forgotten_are_no_difference(world: World) -> None:
    world.on(30)
    world.leader.work()
    world.redis.delete(*(world.keys.job(job) for job in world.leader.ids(10, 20, 30)))
    assert world.found() == []


def test_a_cursor_moved_back_is_found(world: World) -> None:
    world.on(50)
    world.redis.hset(world.keys.named("cursors"), "tick", BEGAN + 20)
    assert world.found() == [("cursor", 20)]


def test_a_cursor_moved_on_is_found_by_the_runs_that_it_jumped(world: World) -> None:
    world.on(20)
    world.time.pass_by(30)
    world.redis.hset(world.keys.named("cursors"), "tick", BEGAN + 40)
    assert world.found() == [("missing", 30), ("missing", 40)]


def test_a_cursor_in_the_future_is_found(world: World) -> None:
    world.on(20)
    world.redis.hset(world.keys.named("cursors"), "tick", BEGAN + 4000)
    assert world.found() == [("cursor", 4000)]


def test_a_lost_cursor_is_found(world: World) -> None:
    world.on(20)
    world.redis.hdel(world.keys.named("cursors"), "tick")
    assert [kind for kind, _ in world.found()] == ["cursor"]


def test_runs_that_are_due_and_not_decided_are_one_finding(world: World) -> None:
    world.on(20)
    world.time.pass_by(100)
    found = world.findings()
    assert [(finding.kind, finding.tick - BEGAN) for finding in found] == [("overdue", 30)]
    assert found[0].text.startswith("8 due")


def test_a_run_that_is_due_at_this_moment_is_no_difference(world: World) -> None:
    world.on(20)
    world.time.pass_by(10)
    assert world.found() == []


def test_a_row_that_is_no_decision_is_found_and_the_rest_is_audited(world: World) -> None:
    ran(world)
    world.redis.hset(ledger(world), str(BEGAN + 20), "nonsense")
    world.redis.hdel(ledger(world), str(BEGAN + 40))
    assert world.found() == [("unreadable", 20), ("missing", 40)]


def test_the_time_before_the_first_definition_cannot_be_verified(world: World) -> None:
    world.on(20)
    found = world.findings(-100)
    assert [(finding.kind, finding.tick - BEGAN, finding.until) for finding in found] == [
        (UNVERIFIABLE, -100, BEGAN + 1)
    ]
    assert not world.audit(-100).differences


def test_what_is_older_than_what_is_kept_cannot_be_verified(world: World) -> None:
    world.on(20)
    world.time.pass_by(KEPT + 100)
    found = world.findings(1, 200)
    assert (found[0].kind, found[0].until) == (UNVERIFIABLE, BEGAN + 120)


def test_a_span_that_a_clock_has_reported_as_lost_cannot_be_verified(world: World) -> None:
    ran(world)
    world.redis.hdel(ledger(world), str(BEGAN + 20), str(BEGAN + 40))
    record(world.redis, world.keys, Entry(STATE_LOST, "clock", detail={"from": BEGAN + 15, "to": BEGAN + 30}))
    audit = world.audit()
    assert [(finding.kind, finding.tick - BEGAN) for finding in audit.findings()] == [
        (UNVERIFIABLE, 20),
        ("missing", 40),
    ]
    assert audit.differences == 1


def test_a_reported_loss_excuses_the_schedules_that_it_names_and_no_other(redis: redis_py.Redis) -> None:
    world = World(redis, tick={"period": "10 seconds"}, other={"period": "10 seconds"})
    ran(world)
    for name in ("tick", "other"):
        redis.hdel(world.keys.of("ledger", name), str(BEGAN + 20))
    detail = {"from": "2027-01-15T08:00:15Z", "to": "2027-01-15T08:00:30Z", "schedules": ["tick"]}
    record(redis, world.keys, Entry(STATE_LOST, "clock", detail=detail))
    audit = world.audit()
    assert [(finding.kind, finding.schedule) for finding in audit.findings()] == [
        ("missing", "other"),
        (UNVERIFIABLE, "tick"),
    ]
    assert audit.differences == 1


def test_what_nobody_can_verify_is_counted_as_that(world: World) -> None:
    ran(world)
    world.redis.hdel(ledger(world), str(BEGAN + 20))
    record(world.redis, world.keys, Entry(STATE_LOST, "clock", detail={"from": "the beginning", "schedules": "all",
                                                                       "to": "2027-01-15T08:00:30Z"}))  # fmt: skip
    audit = world.audit()
    assert len(list(audit.findings())) == 1
    assert audit.decisions == {"enqueued": 4, UNVERIFIABLE: 1}


def test_runs_of_which_only_the_number_is_kept_are_verified_by_it(redis: redis_py.Redis) -> None:
    world = World(redis)
    ran(world, 100)
    Retention(redis, world.keys, rows=3).step(world.now())
    assert len(world.leader.rows()) == 3
    assert world.found() == []
    redis.hdel(ledger(world), str(BEGAN + 100))
    assert world.found() == [("missing", 100)]


def test_one_run_too_few_in_the_number_of_an_hour_is_found(redis: redis_py.Redis) -> None:
    world = World(redis)
    ran(world, 100)
    Retention(redis, world.keys, rows=3).step(world.now())
    redis.hincrby(ledger(world, "folded"), str(BEGAN), -1)
    assert [kind for kind, _ in world.found()] == ["missing"]


def test_a_schedule_that_left_the_timetable_is_audited_up_to_then(redis: redis_py.Redis) -> None:
    world = World(redis, tick={"period": "10 seconds"}, other={"period": "10 seconds"})
    world.on(30)
    world.deploy(other={"period": "10 seconds"})
    ran(world, 100)
    assert world.found() == []
    redis.hdel(ledger(world), str(BEGAN + 20))
    assert world.found() == [("missing", 20)]


def test_the_audit_of_one_schedule_leaves_the_others_alone(redis: redis_py.Redis) -> None:
    world = World(redis, tick={"period": "10 seconds"}, other={"period": "10 seconds"})
    ran(world, 30)
    redis.hdel(ledger(world), str(BEGAN + 20))
    assert list(world.audit().findings("other")) == []
    assert len(list(world.audit().findings("tick"))) == 1


def test_an_audit_that_begins_and_ends_amid_a_gap_finds_nothing(world: World) -> None:
    world.on(20).down(200).on(20)
    audit = world.audit(75, 125)
    assert list(audit.findings()) == []
    assert audit.decisions == {"missed": 5}


def test_the_runs_under_a_former_name_are_audited_under_todays(redis: redis_py.Redis) -> None:
    world = World(redis)
    world.on(30).deploy(new={"period": "10 seconds", "renamed_from": "tick"}).on(20)
    assert world.found() == []
    redis.rpush("rq:queue:default", world.keys.job_id("tick", BEGAN + 20))
    assert [(finding.kind, finding.schedule) for finding in world.findings()] == [("twice", "new")]


def test_a_definition_that_another_version_of_rqclock_wrote_cannot_be_verified(redis: redis_py.Redis) -> None:
    world = World(redis)
    world.on(30).deploy(tick={"period": "4 seconds"}).on(20)
    first = json.loads(redis.lindex(ledger(world, "versions"), 0) or b"")
    redis.lset(ledger(world, "versions"), 0, json.dumps(first | {"definition": {"name": "tick", "trigger": "?"}}))
    assert [(finding.kind, finding.tick - BEGAN, (finding.until or 0) - BEGAN) for finding in world.findings()] == [
        (UNVERIFIABLE, 1, 34)
    ]
    assert (world.why(20).answer, world.why(25).answer) == ("enqueued", "not due")
    assert "another version of rqclock" in world.why(25).text


def test_an_audit_keeps_nothing_of_what_it_has_read(redis: redis_py.Redis) -> None:
    """Its memory is that of a few hundred rows, however many there are."""
    import tracemalloc

    world = World(redis, tick={"period": "second"})
    peaks = []
    for rows in (2_000, 20_000):
        seconds = [str(BEGAN + second) for second in range(1, rows + 1)]
        redis.hset(ledger(world), mapping=dict.fromkeys(seconds, '{"is":"missed","at":0}'))
        redis.zadd(ledger(world, "index"), {second: int(second) for second in seconds})
        redis.hset(world.keys.named("cursors"), "tick", BEGAN + rows)
        world.time.now = BEGAN + rows
        tracemalloc.start()
        audit = world.audit()
        assert list(audit.findings()) == []
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert audit.runs == rows
    assert peaks[1] < 1.5 * peaks[0]
