"""Clocks come and go: many at once, old and new versions together, and versions that cannot be started."""

from __future__ import annotations

import json
import time

import pytest

from tests.support.lab import LEASE, NOISE, Lab
from tests.support.processes import Launched
from tests.support.waiting import until

SECOND = 'clock.every("second", name="{name}"{more}).enqueue(jobs.plain)'


def second(name: str, more: str = "") -> str:
    return SECOND.format(name=name, more=more and f", {more}")


def many(lab: Lab, clocks: int, seconds: int) -> None:
    """So many clocks on one file, for so long."""
    server = lab.server()
    redis = lab.client(server)
    for _ in range(clocks):
        lab.clock(server.url, lease=None)
    for clock in lab.clocks:
        clock.wait_for("joined")
    lab.ticks(redis, seconds, timeout=seconds + 30)
    assert sum(clock.leads for clock in lab.clocks) == 1
    status = json.loads(finished(lab.run("status", "--json", redis_url=server.url)))
    assert status["leader"] and len(status["standbys"]) == clocks - 1
    lab.stop()
    accounts = lab.accounts(redis)
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")
    lab.note("latest tick", max(accounts.lateness()))


def finished(command: Launched) -> str:
    """The output of a command that has ended well."""
    assert command.wait() == 0, command.output
    return command.output


@pytest.mark.fault("7", "five clocks at once, 4 s")
def test_of_five_clocks_one_enqueues(lab: Lab) -> None:
    many(lab, 5, 4)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.fault("7", "two clocks at once, 10 min")
def test_of_two_clocks_one_enqueues_for_a_long_time(lab: Lab) -> None:
    many(lab, 2, 600)


@pytest.mark.slow
@pytest.mark.fault("7", "two clocks for 60 s, the leader killed with -9 three times")
def test_two_clocks_for_a_minute_with_three_kills_lose_and_double_nothing(lab: Lab) -> None:
    server = lab.server()
    redis = lab.client(server)
    began = time.monotonic()
    lab.clock(server.url, lease=None)
    for _ in range(3):
        lab.clock(server.url, lease=None).wait_for("joined")
        lab.ticks(redis, 14)
        lab.leader().kill()
    lab.clock(server.url, lease=None)
    lab.ticks(redis, max(1, int(60 - time.monotonic() + began)), timeout=70)
    lab.stop()
    accounts = lab.accounts(redis)
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")
    lab.note("every tick once", len(accounts.ticks()), "ticks")
    lab.note("latest", max(accounts.lateness()))


@pytest.mark.fault("27", "a deploy that removes one schedule, times one anew and gives one other arguments")
def test_a_changed_timetable_keeps_the_history_and_loses_no_tick(lab: Lab) -> None:
    old = lab.file(second("kept"), second("removed"), second("retimed"), second("changed"), name="old.py")
    new = lab.file(
        second("kept"),
        second("added"),
        'clock.every("2 seconds", name="retimed").enqueue(jobs.plain)',
        'clock.every("second", name="changed").enqueue(jobs.add, 1, b=2)',
        name="new.py",
    )
    server = lab.server()
    redis = lab.client(server)
    lab.clock(server.url, old)
    lab.ticks(redis, 2, slug="kept")
    lab.clock(server.url, new)
    until(lambda: lab.cursor(redis, "added"), what="the new timetable")
    lab.ticks(redis, 4, slug="kept")
    lab.stop()
    accounts = lab.accounts(redis, {"kept": 1, "added": 1, "changed": 1, "removed": 1})
    for slug in ("kept", "changed", "added"):
        assert accounts.ticks(slug) == accounts.ticks(slug, "enqueued")
    handed_over = accounts.ticks("added")[0]
    assert handed_over - 2 <= accounts.ticks("removed")[-1] < handed_over
    assert redis.hexists("rq:clock:default:retired", "removed")
    retimed = [int(tick) for tick in redis.hkeys("rq:clock:default:ledger:retimed")]
    assert {tick for tick in range(min(retimed), max(retimed)) if tick < handed_over - 1 or tick % 2 == 0} <= set(
        retimed
    )
    data = [redis.hget(f"rq:job:{job}", "description") for job in accounts.queued if job.startswith("changed_")]
    assert {b"tests.support.jobs.plain()", b"tests.support.jobs.add(1, b=2)"} == set(data)


@pytest.mark.fault("28", "a rolling deploy of two clocks, an old one crashes and restarts in the midst of it")
def test_in_a_rolling_deploy_only_the_newest_version_enqueues(lab: Lab) -> None:
    old = lab.file(second("tick"), second("old"), name="old.py")
    new = lab.file(second("tick"), second("new"), name="new.py")
    server = lab.server()
    redis = lab.client(server)
    first, crashing = lab.clock(server.url, old), lab.clock(server.url, old)
    lab.ticks(redis, 1)
    newest = lab.clock(server.url, new)
    lab.leader([newest])
    crashing.kill()
    lab.clock(server.url, old).wait_for("joined")  # a container with the old image, restarted in the midst
    lab.ticks(redis, 2)
    lab.clock(server.url, new).wait_for("joined")
    first.signal(15)
    lab.ticks(redis, 2)
    assert lab.leader() is newest
    assert newest.output.count("leading (epoch") == 1
    lab.stop()
    accounts = lab.accounts(redis, {"tick": 1, "new": 1, "old": 1})
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")
    assert accounts.ticks("old")[-1] < accounts.ticks("new")[0] + 1
    assert max(accounts.lateness()) < LEASE + 2 + NOISE


@pytest.mark.fault("28", "a rollback: the version before is deployed again")
def test_a_rollback_is_a_later_start(lab: Lab) -> None:
    good = lab.file(second("tick"), second("good"), name="good.py")
    bad = lab.file(second("tick"), second("bad"), name="bad.py")
    server = lab.server()
    redis = lab.client(server)
    before = lab.clock(server.url, good)
    lab.ticks(redis, 1)
    for file, name in ((bad, "bad"), (good, "good")):
        after = lab.clock(server.url, file)
        after.wait_for("joined")
        before.stop()
        lab.leader([after])
        lab.ticks(redis, 2, slug=name)
        before = after
    lab.stop()
    accounts = lab.accounts(redis, {"tick": 1, "bad": 1})
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")
    assert redis.hexists("rq:clock:default:retired", "bad")


BROKEN = {
    "a bad cron": ('clock.cron("*/5 25 * * *").enqueue(jobs.plain)', "clock.py:6: "),
    "a name twice": (second("tick") + "; " + second("tick"), "clock.py:6: 'tick' has the same name as line 6"),
    "an import that fails": ("import workers_that_are_not_there", "ModuleNotFoundError: No module named"),
    "no Python at all": ("clock.every(", "SyntaxError"),
}


@pytest.mark.fault("29", "a clock.py with a bad cron, a name twice, an import that fails, a syntax error")
def test_a_broken_timetable_ends_itself_and_not_the_one_in_force(lab: Lab) -> None:
    good = lab.file()
    server = lab.server()
    redis = lab.client(server)
    leader = lab.clock(server.url, good)
    lab.ticks(redis, 1)
    for number, (line, words) in enumerate(BROKEN.values()):
        folder = lab.folder / f"broken-{number}"
        folder.mkdir()
        broken = lab.clock(server.url, lab.file(line, name=f"{folder.name}/clock.py"))
        assert broken.wait() != 0
        assert words in broken.output and "clock.py" in broken.output
    lab.ticks(redis, 1)
    assert lab.leader() is leader
    assert leader.output.count("leading (epoch") == 1
    lab.stop()
    accounts = lab.accounts(redis)
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")


@pytest.mark.fault("27", "the only clock is stopped for 5 s over due times, and started again")
def test_after_a_gap_the_latest_tick_is_caught_up_and_the_others_are_told(lab: Lab) -> None:
    file = lab.file('clock.every("second", name="tick", late_ok=1, catch_up_within="1 hour").enqueue(jobs.plain)')
    server = lab.server()
    redis = lab.client(server)
    clock = lab.clock(server.url)
    lab.ticks(redis, 1)
    clock.stop()
    stopped = lab.cursor(redis)
    time.sleep(5)
    lab.clock(server.url)
    lab.ticks(redis, 7)
    lab.stop()
    accounts = lab.accounts(redis)
    missed = accounts.ticks("tick", "missed")
    assert missed[0] == stopped + 1 and len(missed) >= 2
    [row] = {id(row): row for row in accounts.rows["tick"].values() if row["is"] == "missed"}.values()
    assert row["why"] == "down" and abs(row["down"][0] - stopped) <= 1
    first = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(missed[0]))
    words = finished(lab.run("why", "tick", first, redis_url=server.url, file=file))
    assert "missed" in words and "clock was down" in words


@pytest.mark.fault("27", "another service's timetable under the same Clock name")
def test_a_stranger_s_timetable_is_refused_until_it_is_told_to_take_over(lab: Lab) -> None:
    server = lab.server()
    redis = lab.client(server)
    lab.clock(server.url)
    lab.ticks(redis, 1)
    stranger = lab.clock(server.url, lab.file(second("quite another"), name="other.py"))
    assert stranger.wait() == 2
    assert "another timetable (1 schedules, none of them in this file) is in force" in stranger.output
    empty = lab.file(name="empty.py")
    empty.write_text("from rqclock import Clock\nclock = Clock()\nclock.run()\n")
    assert lab.clock(server.url, empty).wait() == 2  # it would switch everything off
    lab.ticks(redis, 1)
    own_name = lab.file(second("quite another"), name="named.py", arguments='name="other"')
    lab.clock(server.url, own_name)
    until(lambda: lab.cursor(redis, "quite-another", "other"))
    lab.stop()
    lab.accounts(redis)
    lab.accounts(redis, {"quite-another": 1}, clock="other")
