"""What a clock knows beside Redis: by it Redis's losses are noticed."""

from __future__ import annotations

from rqclock.running.memory import Loss, Memory
from tests.support.leader import seconds

SCHEDULES = seconds("a", "b").timetable().schedules
MEMORY = Memory({"a": 100, "b": 200})


def test_nothing_is_lost_where_redis_knows_as_much_or_more() -> None:
    loss = Loss.of(MEMORY, SCHEDULES, [100, 260])
    assert not loss.names and not loss.known


def test_a_rollback_loses_what_is_later_than_the_oldest_cursor() -> None:
    loss = Loss.of(MEMORY, SCHEDULES, [90, 150])
    assert (loss.names, loss.since, loss.known) == (["a", "b"], 90, {"a": 100, "b": 200})


def test_an_emptied_redis_has_lost_everything() -> None:
    assert Loss.of(MEMORY, SCHEDULES, [None, None]).since == 0


def test_one_cursor_that_is_gone_excuses_no_earlier_difference_of_others() -> None:
    assert Loss.of(MEMORY, SCHEDULES, [None, 200]).since == 100


def test_what_was_never_known_is_not_lost() -> None:
    assert Loss.of(Memory(), SCHEDULES, [None, None]).names == []


def test_what_the_activity_keeps_of_a_loss_names_its_schedules_and_reads_as_a_time() -> None:
    assert Loss.of(MEMORY, SCHEDULES, [90, 260]).detail == {"from": "1970-01-01T00:01:30Z", "schedules": ["a"]}
    assert Loss.of(MEMORY, SCHEDULES, [None, None]).detail == {"from": "the beginning", "schedules": ["a", "b"]}


def test_of_very_many_schedules_none_is_named() -> None:
    many = [f"s{n}" for n in range(501)]
    loss = Loss.of(Memory(dict.fromkeys(many, 100)), seconds(*many).timetable().schedules, [None] * len(many))
    assert loss.detail["schedules"] == "all"
