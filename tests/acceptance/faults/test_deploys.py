"""Clocks come and go: many at once, old and new versions together, and versions that cannot be started."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from rqclock.acts.activity import read
from rqclock.store.keys import Keys
from tests.support.lab import NOISE, STEADY, Lab
from tests.support.processes import Launched
from tests.support.waiting import until

ROOT = "rq:clock:default:"
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
    until(lambda: sum(clock.leads for clock in lab.clocks) == 1, what="one leader")
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
    lab.clock(server.url, old, lease=STEADY)
    lab.ticks(redis, 2, slug="kept")
    lab.clock(server.url, new, lease=STEADY)
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
    first, crashing = (lab.clock(server.url, old, lease=STEADY) for _ in range(2))
    lab.ticks(redis, 1)
    newest = lab.clock(server.url, new, lease=STEADY)
    lab.leader([newest])
    crashing.kill()
    restarted = lab.clock(server.url, old, lease=STEADY)  # a container with the old image, in the midst
    restarted.wait_for("joined")
    lab.ticks(redis, 2)
    lab.clock(server.url, new, lease=STEADY).wait_for("joined")
    first.signal(15)
    lab.ticks(redis, 2)
    assert lab.leader() is newest
    assert "leading (epoch" not in restarted.output
    lab.stop()
    accounts = lab.accounts(redis, {"tick": 1, "new": 1, "old": 1})
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")
    assert accounts.ticks("old")[-1] < accounts.ticks("new")[0] + 1
    assert max(accounts.lateness()) < 2 + NOISE


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


@pytest.mark.fault("28", "the newer version is killed for good while the older one still stands by")
def test_when_the_older_version_leads_again_it_is_told(lab: Lab) -> None:
    old = lab.file(second("tick"), second("old"), name="old.py")
    new = lab.file(second("tick"), second("new"), name="new.py")
    server = lab.server()
    redis = lab.client(server)
    before = lab.clock(server.url, old, lease=1)
    lab.ticks(redis, 1)
    after = lab.clock(server.url, new, lease=1)
    lab.leader([after])
    lab.ticks(redis, 1, slug="new")
    after.kill()
    before.wait_for("an older timetable leads again (generation 1): no clock of generation 2 is left")
    lab.leader([before])
    lab.ticks(redis, 1, slug="old")
    lab.stop()
    accounts = lab.accounts(redis, {"tick": 1, "new": 1})
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")
    entries = [json.loads(values[b"entry"]) for _, values in redis.xrange("rq:clock:default:activity")]
    assert [(entry["what"], entry["detail"]) for entry in entries] == [
        ("older timetable leads", {"generation": 1, "was": 2})
    ]


@pytest.mark.fault(
    "28", "a rename, its only clock killed with -9: the version before leads again; then the rename anew"
)
def test_a_rename_that_is_rolled_back_leaves_one_history_and_the_truth(lab: Lab) -> None:
    old, new = renaming(lab, second("other"))
    server = lab.server()
    redis = lab.client(server)
    before = lab.clock(server.url, old, lease=STEADY)
    began = lab.ticks(redis, 2)
    renamed = lab.clock(server.url, new, lease=STEADY)
    lab.ticks(redis, 2, slug="beat")
    renamed.kill()  # the clock before has stood by, and remembers what it decided
    lab.leader([before])
    lab.ticks(redis, 2)
    tell_the_truth(lab, old, server.url, began, names=("tick", "beat"))
    assert told(redis) == ["older timetable leads"]
    lab.clock(server.url, new, lease=STEADY)
    lab.ticks(redis, 2, slug="beat")
    tell_the_truth(lab, new, server.url, began, names=("beat", "tick"))
    lab.stop()
    assert lab.accounts(redis, {"beat": 1, "other": 1}, before=["tick"]).ticks("beat")[0] <= began
    redis.hdel(f"{ROOT}ledger:other", str(began))
    audit = lab.run("audit", redis_url=server.url, file=new)
    assert audit.wait() == 1 and f"missing: other, {stamp(began)}: " in audit.output


@pytest.mark.fault("28", "the only schedule is renamed, and the version before is started anew")
def test_a_rename_of_all_there_is_and_its_rollback_are_no_stranger_s_timetable(lab: Lab) -> None:
    old, new = renaming(lab)
    server = lab.server()
    redis = lab.client(server)
    before = lab.clock(server.url, old, lease=STEADY)
    began = lab.ticks(redis, 1)
    for file, names in ((new, ("beat", "tick")), (old, ("tick", "beat"))):
        after = lab.clock(server.url, file, lease=STEADY)
        after.wait_for("joined")
        before.stop()
        lab.ticks(redis, 2, slug=names[0])
        tell_the_truth(lab, file, server.url, began, names=names)
        before = after
    lab.stop()
    assert lab.accounts(redis, before=["beat"]).ticks()[0] <= began
    assert "state lost" not in told(redis)


@pytest.mark.slow
@pytest.mark.fault(
    "28", "a schedule is renamed twice; kill -9 of each version in turn, the oldest leads; then the newest"
)
def test_of_versions_with_other_names_each_goes_on_where_another_was_killed(lab: Lab) -> None:
    renamed = {"tick": "", "beat": "tick", "chime": "beat"}
    files = {
        name: lab.file(second(name, before and f'renamed_from="{before}"'), second("other"), name=f"{name}.py")
        for name, before in renamed.items()
    }
    server = lab.server()
    redis = lab.client(server)
    clocks = {}
    for name, file in files.items():
        clocks[name] = lab.clock(server.url, file, lease=STEADY)
        lab.ticks(redis, 2, slug=name)
    began = lab.cursor(redis, "chime")
    for killed, name in (("chime", "beat"), ("beat", "tick")):
        clocks[killed].kill()
        lab.ticks(redis, 2, slug=name)
        tell_the_truth(lab, files[name], server.url, began, names=(name, killed))
    lab.clock(server.url, files["chime"], lease=STEADY)
    lab.ticks(redis, 2, slug="chime")
    clocks["tick"].kill()
    lab.ticks(redis, 1, slug="chime")
    tell_the_truth(lab, files["chime"], server.url, began, names=("chime", "tick"))
    lab.stop()
    lab.accounts(redis, {"chime": 1, "other": 1}, before=["tick", "beat"])
    assert "state lost" not in told(redis)


def renaming(lab: Lab, *others: str) -> tuple[Path, Path]:
    """A file with the schedule `tick`, and one in which it is called `beat`."""
    old = lab.file(second("tick"), *others, name="old.py")
    return old, lab.file(second("beat", 'renamed_from="tick"'), *others, name="new.py")


def tell_the_truth(lab: Lab, file: Path, url: str, began: int, *, names: tuple[str, str]) -> None:
    """All is said of the schedule's name of today, and whoever asks by that of yesterday is told what it is."""
    said = finished(lab.run("audit", redis_url=url, file=file))
    assert "; no difference" in said and "missing" not in said and "Redis lost data" not in said
    for name in names:
        answer = finished(lab.run("why", name, stamp(began), redis_url=url, file=file))
        assert f"{names[0]}, " in answer and "queued" in answer
        assert (f"{name!r} is called {names[0]!r} now" in answer) == (name != names[0])


def told(redis: Any) -> list[str]:
    """What befell the clock, by its activity."""
    return [entry.what for entry in read(redis, Keys("rq", "default"))]


def stamp(instant: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(instant))


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
    assert redis.hget("rq:clock:default:lease", "epoch") == b"1"
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
    stopped, stopped_at = lab.cursor(redis), redis.time()[0]
    time.sleep(5)
    lab.clock(server.url)
    lab.ticks(redis, 7)
    lab.stop()
    accounts = lab.accounts(redis)
    row = accounts.rows["tick"][stopped + 1]
    assert (row["is"], row["why"], row["from"]) == ("missed", "down", stopped + 1) and row["n"] >= 2
    assert stopped - 1 <= row["down"][0] <= stopped_at
    first = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(stopped + 1))
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
