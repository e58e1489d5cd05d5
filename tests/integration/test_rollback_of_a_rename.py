"""Names come and go with the versions of a timetable: each run has one decision, and what is told of it is true."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import pytest
import redis as redis_py

from rqclock import Clock
from rqclock.acts.activity import STATE_LOST, read
from rqclock.acts.pauses import Pauses
from rqclock.acts.run_now import Request, run_now
from rqclock.aftercare.outcomes import Outcomes
from rqclock.running.entries import Outage
from rqclock.running.memory import tell_of
from rqclock.running.process import Process
from rqclock.settings import Settings
from rqclock.store.keys import Keys
from rqclock.views.audit import Audit, Span
from rqclock.views.history import read_history
from rqclock.views.why import explain
from tests.support import jobs
from tests.support.leader import BEGAN, Leader, Time
from tests.support.server import Server
from tests.support.world import ANN

KEYS = Keys("rq", "default")


def clock(names: Mapping[str, str]) -> Clock:
    """A Clock with a schedule for each name, due every second; behind it stands its name before, if it says one."""
    made = Clock(catch_up="all", catch_up_within="1 hour")
    for name, before in names.items():
        options: dict[str, Any] = {"renamed_from": before} if before else {}
        made.every("second", name=name, **options).enqueue(jobs.plain)
    return made


class Deploys:
    """Clock processes of several versions; one leads at a time, and all go on living."""

    def __init__(self, redis: redis_py.Redis) -> None:
        self.redis = redis
        self.time = Time()
        self.leader = Leader(redis, clock({"tick": ""}), self.time)

    def new(self, **names: str) -> Leader:
        """A process of another version; it takes the lead two seconds later."""
        return self.again(Leader(self.redis, clock({"other": "", **names}), self.time))

    def again(self, process: Leader) -> Leader:
        """A process that lives already takes the lead, and leads for three seconds."""
        since = self.time.now
        self.time.pass_by(2)
        self.leader = process.lead(Outage(since))
        self.leader.step()
        for _ in range(3):
            self.leader.step(1)
        return process

    def findings(self) -> list[tuple[str, str, int]]:
        span = Span(BEGAN + 3, int(self.time.now) + 1)
        found = Audit(self.redis, KEYS, span, lambda: self.time.now).findings()
        return [(one.kind, one.schedule, one.tick - BEGAN) for one in found if one.until is None]

    def whole(self, name: str, *, since: int = 3) -> bool:
        """Whether every run since then is recorded under that name, queued once under the name of its time."""
        rows = self.leader.rows(name)
        seconds = list(range(since, int(self.time.now) - BEGAN + 1))
        assert [second for second in rows if second >= since] == seconds
        slug = self.leader.schedule(name).slug
        ids = [KEYS.job_id(row.get("slug", slug), BEGAN + second) for second, row in rows.items()]
        others = {job for job in self.leader.queued() if not job.startswith("other")}
        assert len(self.leader.queued()) == len(set(self.leader.queued()))
        assert set(ids) <= others
        assert self.findings() == []
        return {self.answer(slug, second) for second in seconds} == {"enqueued"}

    def answer(self, slug: str, second: int) -> str:
        """What `why` says."""
        return explain(self.redis, KEYS, slug, BEGAN + second, now=lambda: self.time.now).answer

    def lose(self, slug: str, *, since: int) -> None:
        """Redis forgets what was decided of a schedule from that second on."""
        lost = [str(BEGAN + second) for second in range(since, int(self.time.now) - BEGAN + 1)]
        self.redis.hset(KEYS.named("cursors"), slug, BEGAN + since - 1)
        self.redis.hdel(KEYS.of("ledger", slug), *lost)
        self.redis.zrem(KEYS.of("index", slug), *lost)


@pytest.fixture
def deploys(redis: redis_py.Redis) -> Deploys:
    return Deploys(redis)


def test_the_version_before_takes_its_name_back_and_nothing_was_lost(deploys: Deploys) -> None:
    before = deploys.new(tick="")
    deploys.new(beat="tick")
    deploys.again(before)
    assert before.forgotten == []
    assert deploys.whole("tick")


def test_a_version_that_was_renamed_twice_since_takes_its_name_back(deploys: Deploys) -> None:
    before = deploys.new(tick="")
    between = deploys.new(beat="tick")
    deploys.new(chime="beat")
    deploys.again(before)
    assert before.forgotten == []
    assert deploys.whole("tick")
    deploys.again(between)
    assert between.forgotten == []
    assert deploys.whole("beat")


def test_a_version_that_leaves_out_a_rename_of_the_past_finds_what_it_goes_on_from(deploys: Deploys) -> None:
    deploys.new(tick="")
    deploys.new(beat="tick")
    deploys.new(tick="")
    deploys.new(chime="beat")
    assert deploys.whole("chime")
    deploys.new(peal="tick")  # so it was called at first
    assert deploys.whole("peal")


def test_a_rename_can_be_taken_back_by_another_rename(deploys: Deploys) -> None:
    before = deploys.new(tick="")
    renamed = deploys.new(beat="tick")
    deploys.new(tick="beat")
    assert deploys.whole("tick")
    deploys.again(renamed)
    deploys.again(before)
    assert (renamed.forgotten, before.forgotten) == ([], [])
    assert deploys.whole("tick")


def test_two_versions_that_take_turns_lose_and_repeat_nothing(deploys: Deploys) -> None:
    before, after = deploys.new(tick=""), deploys.new(beat="tick")
    for process, name in ((before, "tick"), (after, "beat")) * 2:
        deploys.again(process)
        assert process.forgotten == []
        assert deploys.whole(name)


def test_names_that_change_their_owners_are_no_loss(deploys: Deploys) -> None:
    first = deploys.new(tick="", beat="")
    deploys.new(tick="", chime="beat")
    deploys.new(beat="tick", chime="")
    deploys.again(first)
    assert first.forgotten == []
    assert deploys.findings() == []
    assert deploys.whole("beat")  # which was called tick


def test_a_schedule_that_was_renamed_and_removed_comes_back_under_its_old_name_with_its_history(
    deploys: Deploys,
) -> None:
    before = deploys.new(tick="")
    deploys.new(beat="tick")
    deploys.new()
    deploys.again(before)
    assert before.forgotten == []
    assert deploys.findings() == []
    rows, all_seconds = before.rows("tick"), before.rows("other")
    assert min(rows) == 3 and max(rows) == max(all_seconds)
    assert {deploys.answer("tick", second) for second in all_seconds if second not in rows} == {"absent"}


def test_a_clock_that_dies_between_the_renaming_and_the_publication_loses_nothing(deploys: Deploys) -> None:
    after = deploys.new(beat="tick")
    before = Leader(deploys.redis, clock({"other": "", "tick": ""}), deploys.time).join().beat()
    assert before.acquire()
    before.ledger.rename(before.timetable)
    deploys.again(after)
    assert after.forgotten == []
    assert deploys.whole("beat")


def test_a_pause_under_the_new_name_holds_under_the_old_one_too(deploys: Deploys) -> None:
    before = deploys.new(tick="")
    after = deploys.new(beat="tick")
    Pauses(deploys.redis, KEYS, lambda: deploys.time.now).pause(after.schedule("beat"), ANN)
    deploys.again(before)
    assert set(list(before.decisions("tick").values())[-4:]) == {"skipped"}


def test_what_ended_under_either_name_is_in_the_history_of_today(deploys: Deploys) -> None:
    before = deploys.new(tick="")
    after = deploys.new(beat="tick")
    by_hand = run_now(deploys.redis, KEYS, after.schedule("beat"), Request("Ann")).job_id
    deploys.again(before)
    for job in before.queued():
        deploys.redis.hset(f"rq:job:{job}", "status", "finished")
    Outcomes(deploys.redis, KEYS).step(deploys.time.now)
    runs = read_history(deploys.redis, KEYS, before.schedule("tick"), 100)
    assert by_hand in [run.job_id for run in runs]
    assert {run.status for run in runs} == {"finished"}


def test_a_real_loss_is_told_of_its_schedule_and_excuses_no_other(deploys: Deploys) -> None:
    before = deploys.new(tick="")
    deploys.new(beat="tick")
    deploys.lose("beat", since=5)
    before.lead(Outage(deploys.time.now))
    assert before.forgotten == ["tick"]
    tell_of(before.ticker._loss, deploys.redis, KEYS, host="a", now=deploys.time.now)
    [entry] = read(deploys.redis, KEYS)
    told = (entry.what, entry.details()["schedules"], entry.detail["from"])
    assert told == (STATE_LOST, "tick", "2027-01-15T08:00:04Z")
    deploys.new(beat="tick")
    deploys.redis.delete("rq:queue:default")
    for name in ("beat", "other"):
        deploys.redis.hdel(KEYS.of("ledger", name), str(BEGAN + 6))
    assert deploys.findings() == [("not verifiable", "beat", 6), ("missing", "other", 6)]


def test_a_name_with_a_history_of_its_own_takes_no_other_s(deploys: Deploys, caplog: pytest.LogCaptureFixture) -> None:
    deploys.new(tick="", beat="")
    deploys.new(tick="")
    with caplog.at_level(logging.WARNING):
        deploys.new(beat="tick")
    assert "beat does not go on from tick: another schedule of its name has left a history" in caplog.text
    assert deploys.findings() == []


@pytest.mark.parametrize("key", ["ledger:tick", "outcomes:tick", "paused", "skips"])
def test_a_broken_key_stops_no_rename_midway(deploys: Deploys, key: str) -> None:
    deploys.new(tick="")
    deploys.redis.delete(KEYS.root + key)
    deploys.redis.set(KEYS.root + key, "something else")
    after = Leader(deploys.redis, clock({"other": "", "beat": "tick"}), deploys.time).join().beat()
    assert after.acquire()
    after.ledger.rename(after.timetable)
    assert deploys.redis.hkeys(KEYS.named("definitions")) == [b"other", b"beat"]
    assert deploys.redis.hget(KEYS.named("renamed"), "tick") == b"beat"
    assert deploys.redis.hexists(KEYS.named("cursors"), "beat")


@pytest.mark.parametrize("names", [{"beat": "tick"}, {"tick": ""}])
def test_a_timetable_whose_only_schedule_has_another_name_now_is_no_stranger_s(
    redis: redis_py.Redis, redis_server: Server, names: dict[str, str]
) -> None:
    time = Time()
    Leader(redis, clock({"tick": ""}), time).lead()
    if "tick" in names:
        Leader(redis, clock({"beat": "tick"}), time).lead()
    process = Process(clock(names).timetable(), Settings(redis_url=redis_server.url))
    process._join()
    assert process._joined
