"""What is said of the processes that live: clocks and workers."""

from __future__ import annotations

from rqclock.doctor import clocks, workers
from rqclock.doctor.workers import Living
from rqclock.store.presence import Presence
from rqclock.views.status import Status

OURS = Living("a" * 32, ("high", "low"), "web-1", ours=True)
STOCK = Living("b" * 32, ("high", "low"), "web-2", ours=False)


def worker_lines(*living: Living, **wanted: list[str]) -> list[tuple[str, str]]:
    return [(str(check.verdict), check.what) for check in workers.judge(list(living), wanted)]


def test_a_queue_that_nobody_takes_from_is_told_with_its_schedules() -> None:
    found = worker_lines(OURS, high=["a"], mail=["b", "c", "d", "e"])
    assert found == [("failure", "none takes jobs from queue mail (b, c, d and 1 more)")]


def test_our_worker_may_take_from_several_queues_and_a_stock_one_should_not() -> None:
    assert worker_lines(OURS, high=["a"]) == [("ok", "1 lives; every queue of a schedule has one")]
    found = worker_lines(STOCK, high=["a"])
    assert found[1] == ("warning", "stock workers take from several queues (bbbbbbbbbbbb on web-2: high, low)")


def test_no_worker_and_no_schedule_is_a_warning() -> None:
    assert worker_lines() == [("warning", "none live")]


def test_before_a_deploy_the_settings_must_name_every_queue_or_it_cannot_be_told() -> None:
    assert not list(workers.promised(("high", "low"), {"high": ["a"]}))
    [found] = workers.promised(("high",), {"high": ["a"], "mail": ["b"]})
    assert (str(found.verdict), found.what) == ("cannot tell", "RQCLOCK_QUEUES=high lacks mail")


def status(*presences: Presence) -> Status:
    leader, *standbys = presences or (None,)
    return Status(leader, [one for one in standbys if one], {}, [], [], [], silent_since=None if leader else 1.8e9)


def clock_lines(state: Status, *members: dict[str, object]) -> list[tuple[str, str]]:
    return [(str(check.verdict), check.what) for check in clocks.judge("default", state, list(members))]


def test_no_leader_is_told_with_when_the_last_was_heard_of() -> None:
    found = clock_lines(status())
    assert found == [("failure", "default: none leads; the last one was heard of 2027-01-15T08:00:00Z")]


def test_live_clocks_with_different_timetables_are_a_warning_and_dead_ones_do_not_count() -> None:
    state = status(Presence("a", 1, 4, 0), Presence("b", 2, None, 0))
    new, old = {"host": "a", "pid": 1, "fingerprint": "f1"}, {"host": "b", "pid": 2, "fingerprint": "f0"}
    dead = {"host": "c", "pid": 3, "fingerprint": "f9"}
    assert clock_lines(state, new, dead) == [("ok", "default: a (pid 1) leads; 1 standing by")]
    assert clock_lines(state, new, old)[1] == (
        "warning",
        "default: live clocks have different timetables (f0 on b; f1 on a)",
    )
