"""Redis dies, comes back knowing less, is full, is somebody else, or does not let us in."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
import redis as redis_py

from tests.support.lab import NOISE, STEADY, ClockProcess, Lab
from tests.support.sentinel import AT_ONCE
from tests.support.server import Server
from tests.support.waiting import until

SECOND = 'clock.every("second", name="{name}", {policies}).enqueue(jobs.plain)'


def acknowledged(said: str) -> Counter[str]:
    """How often a clock has said that Redis has taken a tick, by the instant as it writes it."""
    found = Counter(re.findall(r"enqueued tick due (\S+)", said))
    for first, last in re.findall(r"ticks decided, (\S+) to (\S+)", said):  # what it says of many at once
        begin, end = (int(datetime.fromisoformat(at).timestamp()) for at in (first, last))
        found.update(map(stamp, range(begin, end + 1)))
    return found


def decided_twice(clock: ClockProcess) -> set[str]:
    """The ticks of which it has said more than once that Redis has taken them."""
    return {at for at, times in acknowledged(clock.output).items() if times > 1}


def stamp(tick: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(tick))


def restart(server: Server, redis: redis_py.Redis) -> None:
    """The server comes back, and with it our own connection."""
    server.start()
    redis.connection_pool.disconnect()


def down(lab: Lab, seconds: float, *, late_ok: int) -> None:
    """Redis is away for a while; then every schedule goes on by its policy, and by itself."""
    policies = [("latest", "latest"), ("all", "all"), ("none", "none")]
    lines = [
        SECOND.format(name=name, policies=f'late_ok="{late_ok} seconds", catch_up="{policy}"')
        for name, policy in policies
    ]
    lines += [
        f'clock.every("minute", name="minute", late_ok="{late_ok} seconds").enqueue(jobs.plain)',
        SECOND.format(name="tick", policies='catch_up="all"'),
    ]
    server = lab.server(append_only=True)
    redis = lab.client(server)
    clock = lab.clock(server.url, lab.file(*lines, arguments='catch_up_within="1 hour"'))
    lab.ticks(redis, 2)
    server.stop()
    before = int(time.time())
    time.sleep(seconds)
    assert clock.running
    restart(server, redis)
    back = time.monotonic()
    # The first tick that is due afresh: the storm guard lets the others catch up bit by bit.
    until(lambda: lab.cursor(redis, "latest") > before, what="the first tick after Redis came back")
    lab.note("goes on after", time.monotonic() - back)
    assert time.monotonic() - back < 2 + NOISE
    lab.reaches(redis, redis.time()[0] + 2)
    lab.stop()
    accounts = lab.accounts(redis, {"tick": 1, "latest": 1, "all": 1, "none": 1, "minute": 60})
    assert accounts.ticks("tick") == accounts.ticks("tick", "enqueued")
    assert accounts.ticks("all") == accounts.ticks("all", "enqueued")
    gaps = {slug: accounts.ticks(slug, "refused") for slug in ("latest", "none")}
    assert len(gaps["none"]) >= len(gaps["latest"]) > seconds - late_ok - 3
    assert {accounts.rows["latest"][tick]["cause"] for tick in gaps["latest"]} == {"Redis was out of reach"}
    lab.note("refused, with from and to", len(gaps["latest"]), "ticks")


@pytest.mark.fault("16", "Redis is stopped for 5 s and comes back with its append-only file")
def test_after_an_outage_each_schedule_goes_on_by_its_policy(lab: Lab) -> None:
    down(lab, 5, late_ok=1)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.fault("16", "the same for 5 min")
def test_after_a_long_outage_each_schedule_goes_on_by_its_policy(lab: Lab) -> None:
    down(lab, 300, late_ok=10)


def file_of(server: Server) -> Path:
    """Where the server appends what it is told."""
    return max((server.folder / "appendonlydir").glob("*.incr.aof"))


def power_cut(server: Server, redis: redis_py.Redis, *, kept: int) -> None:
    """The server's machine dies with what was not on its disk yet, all after so many bytes; it is up again at once."""
    server.kill()
    os.truncate(file_of(server), kept)
    restart(server, redis)


def killed(lab: Lab, times: int) -> None:
    """Redis comes back again and again without the last second of what it had acknowledged, between two beats."""
    server = lab.server(append_only=True)
    redis = lab.client(server)
    clock = lab.clock(server.url, lease=None)
    lab.ticks(redis, 1)
    for number in range(times):
        kept = file_of(server).stat().st_size
        lost = stamp(lab.ticks(redis, 1))
        if number % 3:  # else it may not even know yet that Redis had acknowledged it
            until(lambda lost=lost: lost in acknowledged(clock.output), what=f"word of {lost}")  # type: ignore[misc]
            time.sleep(0.3 * (number % 3 - 1))
        power_cut(server, redis, kept=kept)
        lab.ticks(redis, 1)
    lab.ticks(redis, 1)
    lab.stop()
    accounts = lab.accounts(redis)
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")
    again = decided_twice(clock)
    assert len(again) >= times // 2
    assert again == {stamp(tick) for tick in accounts.refired()}
    lab.note("decided again, and marked", len(again), "ticks")


@pytest.mark.fault("17", "Redis loses its last second in a power cut (append-only file), 5 times")
def test_what_a_killed_redis_had_lost_is_decided_again_and_marked(lab: Lab) -> None:
    killed(lab, 5)


@pytest.mark.slow
@pytest.mark.fault("17", "the same 20 times")
def test_what_a_redis_killed_often_had_lost_is_decided_again_and_marked(lab: Lab) -> None:
    killed(lab, 20)


@pytest.mark.fault("17", "Redis loses the decision of a schedule that is not due again for a while")
def test_a_lost_decision_is_made_again_at_once_and_not_when_next_due(lab: Lab) -> None:
    server = lab.server(append_only=True)
    redis = lab.client(server)
    lost = redis.time()[0] + 10
    cron = time.strftime("%S %M %H * * *", time.gmtime(lost))  # once a day
    lab.file(f'clock.cron("{cron}", tz="UTC", name="seldom").enqueue(jobs.plain)')
    clock = lab.clock(server.url, lease=None)
    until(lambda: lab.cursor(redis, "seldom"), what="its first definition")
    kept = file_of(server).stat().st_size
    lab.reaches(redis, lost, slug="seldom")
    clock.wait_for(f"enqueued seldom due {stamp(lost)}")
    power_cut(server, redis, kept=kept)
    clock.wait_for("state lost")
    until(lambda: lab.cursor(redis, "seldom") == lost, what="the same decision")
    lab.stop()
    accounts = lab.accounts(redis, {"seldom": [lost]})
    assert accounts.refired("seldom") == [lost]


@pytest.mark.fault("18", "Redis comes back without anything")
def test_a_redis_that_forgot_everything_is_told_of(lab: Lab) -> None:
    server = lab.server()
    redis = lab.client(server)
    clock = lab.clock(server.url)
    known = lab.ticks(redis, 2)
    server.kill()
    restart(server, redis)
    back = time.monotonic()
    clock.wait_for("state lost")
    until(lambda: lab.cursor(redis) > known)
    lab.note("goes on after", time.monotonic() - back)
    assert time.monotonic() - back < 2 + NOISE
    lab.ticks(redis, 2)
    audit = lab.run("audit", redis_url=server.url)  # while a clock leads: later all that is due would be overdue
    assert audit.wait() == 0 and "not verifiable: tick" in audit.output
    lab.stop()
    accounts = lab.accounts(redis)
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")
    last = max(acknowledged(clock.output.partition("state lost")[0]))
    assert stamp(accounts.ticks()[0] - 1) == last  # nothing that was due since is left out
    [(_, entry)] = redis.xrange("rq:clock:default:activity")
    assert b'"state lost"' in entry[b"entry"]


@pytest.mark.fault("19", "Redis comes back with a dump that is 4 s old")
def test_decisions_that_a_dump_does_not_know_are_made_again_and_marked(lab: Lab) -> None:
    server = lab.server()
    redis = lab.client(server)
    clock = lab.clock(server.url)
    saved = lab.ticks(redis, 1)
    redis.save()
    known = lab.ticks(redis, 4)
    server.kill()
    restart(server, redis)
    clock.wait_for("state lost")
    lab.reaches(redis, known + 2)
    lab.stop()
    accounts = lab.accounts(redis)
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")
    again = decided_twice(clock)
    assert again == {stamp(tick) for tick in accounts.refired()}
    assert len(again) >= 3 and accounts.refired()[0] > saved
    lab.note("decided again, and marked", len(again), "ticks")


def pair(lab: Lab) -> tuple[Server, Server]:
    """A primary and its replica; `replica_link` of the lab is the way between them."""
    primary, replica = (lab.server(program="redis-server", arguments=AT_ONCE) for _ in range(2))
    lab.replica_link = lab.proxy(primary.port)
    lab.client(replica).replicaof("127.0.0.1", lab.replica_link.port)
    until(lambda: lab.client(replica).info("replication")["master_link_status"] == "up", what="replication")
    return primary, replica


@pytest.mark.needs("redis-server")
@pytest.mark.fault("20", "the primary is killed, its replica was cut off 3 s before; the replica is promoted")
def test_what_a_promoted_replica_never_got_is_decided_again_and_marked(lab: Lab) -> None:
    primary, replica = pair(lab)
    front, redis = lab.proxy(primary.port), lab.client(replica)
    clock = lab.clock(front.url)
    lab.ticks(lab.client(primary), 1)
    until(lambda: lab.cursor(redis))
    lab.replica_link.swallow()
    known = lab.ticks(lab.client(primary), 3)
    primary.kill()
    redis.replicaof("NO", "ONE")
    front.target = replica.port
    lab.reaches(redis, known + 2)
    lab.stop()
    accounts = lab.accounts(redis)
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")
    again = decided_twice(clock)
    assert again == {stamp(tick) for tick in accounts.refired()}
    assert len(again) >= 2
    lab.note("decided again, and marked", len(again), "ticks")


@pytest.mark.needs("redis-server")
@pytest.mark.fault("21", "one clock still talks to a primary that was replaced, and then demoted")
def test_a_clock_at_a_demoted_primary_is_refused(lab: Lab) -> None:
    old, new = pair(lab)
    back_way, redis = lab.proxy(old.port), lab.client(new)
    left_behind = lab.clock(back_way.url, lease=STEADY)
    lab.ticks(lab.client(old), 1)
    redis.replicaof("NO", "ONE")
    other = lab.clock(new.url, lease=STEADY)
    lab.leader([other])
    lab.ticks(redis, 2)
    lab.client(old).replicaof("127.0.0.1", new.port)
    left_behind.wait_for("read only replica")
    lab.ticks(redis, 1)
    back_way.target = new.port
    back_way.cut()
    left_behind.wait_for("is back")
    lab.ticks(redis, 2)
    assert lab.leader() is other
    lab.stop()
    accounts = lab.accounts(redis)
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")


@pytest.mark.fault("22", "Redis is full for 4 s (noeviction)")
def test_a_full_redis_costs_no_tick_and_no_leadership(lab: Lab) -> None:
    lines = [
        SECOND.format(name="tick", policies='catch_up="all"'),
        SECOND.format(name="none", policies='late_ok=1, catch_up="none"'),
    ]
    server = lab.server()
    redis = lab.client(server)
    clock = lab.clock(server.url, lab.file(*lines, arguments='catch_up_within="1 hour"'), lease=STEADY)
    before = lab.ticks(redis, 1)
    redis.config_set("maxmemory", 1)
    clock.wait_for("Redis is full, nothing can be queued")
    time.sleep(STEADY)  # longer than it would trust a lease that it could not renew
    assert clock.leads
    redis.config_set("maxmemory", 0)
    lab.reaches(redis, before + 7)
    lab.reaches(redis, before + 7, slug="none")
    assert redis.hget("rq:clock:default:lease", "epoch") == b"1"
    lab.stop()
    accounts = lab.accounts(redis, {"tick": 1, "none": 1})
    assert accounts.ticks("tick") == accounts.ticks("tick", "enqueued")
    refused = [row for row in accounts.rows["none"].values() if row["is"] == "refused"]
    assert {row["cause"] for row in refused} == {"Redis was full"}
    lab.note("refused: Redis was full", len(refused), "ticks")


@pytest.mark.fault("23", "maxmemory-policy allkeys-lru")
def test_a_redis_that_evicts_is_refused_at_start(lab: Lab) -> None:
    server = lab.server(arguments=("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"))
    clock = lab.clock(server.url)
    assert clock.wait() == 2
    assert clock.output == (
        f"Redis at 127.0.0.1:{server.port}/0 has maxmemory-policy allkeys-lru: when it is full it deletes jobs without "
        "an error; set maxmemory-policy noeviction\n"
    )


@pytest.mark.fault("23", "a managed Redis that denies INFO")
def test_a_redis_that_tells_nothing_of_itself_is_used(lab: Lab) -> None:
    server = lab.server()
    redis = lab.client(server)
    redis.execute_command("ACL", "SETUSER", "clock", "on", ">secret", "~*", "&*", "+@all", "-info")
    lab.clock(server.url.replace("//", "//clock:secret@"))
    lab.ticks(redis, 1)
    lab.stop()
    lab.accounts(redis)


@pytest.mark.fault("24", "a wrong password at start; a password that is changed, and changed back, while clocks run")
def test_a_wrong_password_is_told_and_never_shown(lab: Lab) -> None:
    server = lab.server()
    lab.client(server).config_set("requirepass", "first-secret")
    redis = redis_py.Redis(port=server.port, password="first-secret", protocol=2)
    wrong = lab.clock(server.url.replace("//", "//:wrong-secret@"))
    right = lab.clock(server.url.replace("//", "//:first-secret@"))
    assert wrong.wait() == 2
    assert wrong.output.count("\n") == 1 and "refused the user name or password" in wrong.output
    lab.ticks(redis, 1)
    redis.config_set("requirepass", "second-secret")
    redis.client_kill_filter(_type="normal", skipme=True)
    began = time.monotonic()
    right.wait_for("refused the user name or password")
    lab.note("alarm after", time.monotonic() - began)
    assert right.running
    redis.config_set("requirepass", "first-secret")
    right.wait_for("is back")
    lab.ticks(redis, 2)
    lab.stop()
    accounts = lab.accounts(redis)
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")
    assert not any(word in clock.output for clock in lab.clocks for word in ("-secret",))
    redis.close()
