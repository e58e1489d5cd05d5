"""Keys that hold something else, jobs that cannot be read, names and arguments that nobody expects."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from rq.job import Job as StockJob
from rq.utils import as_text

from tests.support import jobs
from tests.support.lab import NOISE, STEADY, Lab
from tests.support.waiting import until

SECOND = 'clock.every("second", name="{name}").enqueue(jobs.{job})'
ROOT = "rq:clock:default:"
LONG = 30  # seconds of a lease that no stall of the machine ends: a clock that leads anew says everything anew


def poison(redis: Any, key: str) -> bool:
    """Put a text in its place, and tell whether anything was there; at once, for a clock may write at any moment."""
    there = bool(redis.exists(key))
    with redis.pipeline() as both:
        if there:
            both.rename(key, "aside")
        both.set(key, "poison")
        both.execute()
    return there


@pytest.mark.fault("35", "the key of a queue is a text, for 2 s")
def test_a_queue_that_is_no_list_refuses_its_own_ticks_only(lab: Lab) -> None:
    file = lab.file(SECOND.format(name="tick", job="plain"), SECOND.format(name="mail", job="retried"))
    server = lab.server()
    redis = lab.client(server)
    lab.clock(server.url, file)
    lab.ticks(redis, 1)
    before = lab.ticks(redis, 1, slug="mail")
    redis.set("rq:queue:mail", "poison")
    lab.ticks(redis, 2, slug="mail")
    redis.delete("rq:queue:mail")
    last = lab.ticks(redis, 2, slug="mail")
    lab.stop()
    accounts = lab.accounts(redis)
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")
    rows = redis.hgetall(f"{ROOT}ledger:mail")
    found = {int(tick): json.loads(row) for tick, row in rows.items() if int(tick) > before}
    refused = [tick for tick, row in found.items() if row["is"] == "refused"]
    assert len(refused) >= 2 and found[last]["is"] == "enqueued"
    assert {found[tick]["why"] for tick in refused} == {"wrong type: rq:queue:mail is no list"}


@pytest.mark.fault("35", "the ledger of one schedule is a text, for 3 s")
def test_a_broken_ledger_stops_its_own_schedule_and_is_made_up_for(lab: Lab) -> None:
    file = lab.file(SECOND.format(name="tick", job="plain"), SECOND.format(name="other", job="plain"))
    server = lab.server()
    redis = lab.client(server)
    clock = lab.clock(server.url, file, lease=LONG)
    lab.ticks(redis, 1)
    broken = f"{ROOT}ledger:tick"
    poison(redis, broken)
    clock.wait_for("tick: nothing can be decided")
    lab.ticks(redis, 2, slug="other")
    redis.rename("aside", broken)
    lab.reaches(redis, lab.cursor(redis, "other") + 1)
    lab.stop()
    accounts = lab.accounts(redis, {"tick": 1, "other": 1})
    assert accounts.ticks("tick") == accounts.ticks("tick", "enqueued")
    assert max(accounts.lateness("other")) < 1 + NOISE
    assert clock.output.count("nothing can be decided") == 1


@pytest.mark.fault("35", "each key of the Clock is a text for a moment: an alarm, and on it goes")
def test_no_broken_key_ends_a_clock_or_loses_a_tick(lab: Lab) -> None:
    server = lab.server()
    redis = lab.client(server)
    clock = lab.clock(server.url, lease=STEADY)
    lab.ticks(redis, 1)
    for name in ("lease", "members", "timetable", "cursors", "paused", "open", "template:tick", "index:tick"):
        key = ROOT + name
        alarmed = clock.says_more("ERROR")
        there = poison(redis, key)
        until(alarmed, what=f"an alarm about {name}")
        redis.rename("aside", key) if there else redis.delete(key)
        lab.ticks(redis, 1)
    lab.stop()
    accounts = lab.accounts(redis)
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")


@pytest.mark.fault("35", "job hashes that are texts, lack, have bad dates; ids that are no UTF-8")
def test_unreadable_jobs_hide_no_other_job_s_end(lab: Lab) -> None:
    server = lab.server()
    redis = lab.client(server)
    clock = lab.clock(server.url, lease=LONG)
    lab.ticks(redis, 4)
    ids = redis.lrange("rq:queue:default", 0, 3)
    keys = [b"rq:job:" + job for job in ids]
    redis.delete(keys[0], keys[1])
    redis.set(keys[1], b"\x80\x04poison")
    redis.hset(
        keys[2], mapping={"started_at": "yesterday, perhaps", "data": b"\x80\x04cposix\nsystem\n", "status": b"\xff"}
    )
    redis.zadd(f"{ROOT}open", {b"\xff\xfe no id of ours": 1})
    ended = {
        "status": "finished",
        "started_at": "2026-11-21T12:00:00.000000Z",
        "ended_at": "2026-11-21T12:00:01.000000Z",
    }
    redis.hset(keys[3], mapping=ended)

    def told() -> set[str]:
        return {json.loads(row)["status"] for row in redis.hvals(f"{ROOT}outcomes:tick")}

    until(lambda: {"finished", "unknown"} <= told(), what="the ends of the jobs that can be told")
    lab.ticks(redis, 1)
    assert lab.leader() is clock


NAMES = {
    "weekly report, north": "weekly-report-north",
    "Gebühren: prüfen!": "gebuhren-prufen",
    "🎃 at night": "at-night",
    "שלום": None,
    "a:b/c%d": None,
    "x" * 100: None,
}


@pytest.mark.fault("37", "names with umlauts, spaces, colons, emoji, right to left; and of 5,000 characters")
def test_names_come_back_as_they_are_written_or_are_refused(lab: Lab) -> None:
    lines = [f'clock.every("second", name={name!r}).enqueue(jobs.plain)' for name in NAMES]
    server = lab.server()
    redis = lab.client(server)
    clock = lab.clock(server.url, lab.file(*lines))
    refused = lab.clock(server.url, lab.file(SECOND.format(name="y" * 5000, job="plain"), name="long.py"))
    assert refused.wait() == 2
    assert "long.py:6: " in refused.output and len(refused.output) < 400
    clock.wait_for("leading")
    slugs = {slug.decode() for slug in redis.hkeys(f"{ROOT}definitions")}
    for slug in slugs:
        lab.ticks(redis, 1, slug=slug)
    assert {slug for slug in NAMES.values() if slug} < slugs and len(slugs) == len(NAMES)
    lab.stop()
    queued = {
        StockJob(as_text(job), connection=redis).id for job in redis.lrange("rq:queue:default", 0, -1)
    }  # RQ checks
    assert {redis.hget(f"rq:job:{job}", "schedule").decode() for job in queued} == set(NAMES)
    lab.accounts(redis, dict.fromkeys(slugs, 1))


@pytest.mark.fault("36", "an argument of so many MB in a timetable, and in application code")
@pytest.mark.parametrize("megabytes", [50, pytest.param(600, marks=pytest.mark.slow)])
def test_an_argument_too_large_is_refused_before_redis_sees_it(lab: Lab, megabytes: int) -> None:
    server = lab.server()
    redis = lab.client(server)
    large = lab.clock(
        server.url, lab.file(f'clock.every("second").enqueue(jobs.add, "x" * {megabytes}_000_000)', name="large.py")
    )
    leader = lab.clock(server.url, lab.file())
    assert large.wait() == 2
    said = r"large.py:6: an argument of add can't be carried by JSON: it is .* MB, 1 MB is the limit"
    assert re.search(said, large.output)
    with pytest.raises(TypeError, match="1 MB is the limit"):
        jobs.short_lived.enqueue("x" * megabytes * 1_000_000)  # type: ignore[call-arg]
    assert len(large.output) < 400
    lab.ticks(redis, 2)
    assert lab.leader() is leader
    lab.stop()
    lab.accounts(redis)
