"""Wall clocks that differ, step, or come to a night in which they are set."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from tests.support.lab import LEASE, NOISE, Lab
from tests.support.server import Server
from tests.support.time_shift import TimeShift
from tests.support.waiting import until

pytestmark = pytest.mark.needs("gcc")
ABOUT = 0.5  # seconds: while a jump is held nobody asks Redis, so clocks keep its time of before by their own
HOUR = 3600


@pytest.mark.fault("8", "two clocks whose hosts are 90 s ahead and 90 s behind")
def test_clocks_that_disagree_on_time_follow_redis(lab: Lab) -> None:
    server = lab.server()
    redis = lab.client(server)
    began = redis.time()[0]
    fast = lab.clock(server.url, time=lab.wall_clock(90))
    slow = lab.clock(server.url, time=lab.wall_clock(-90))
    lab.ticks(redis, 2)
    fast.wait_for("this host's clock and Redis's differ by 9")  # or some seconds more, on a machine that stalls
    slow.wait_for("this host's clock and Redis's differ by -")
    assert re.search("differ by -[89][0-9] s", slow.output)
    lab.leader().kill()
    lab.ticks(redis, 3)
    lab.stop()
    accounts = lab.accounts(redis)
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")
    assert began <= accounts.ticks()[0] <= accounts.ticks()[-1] <= redis.time()[0]
    assert max(accounts.lateness()) < LEASE + 2 + NOISE
    lab.note("latest tick", max(accounts.lateness()))


@pytest.mark.fault("9", "the clock hosts' time steps 1 h ahead, then 1 h back")
def test_a_step_of_the_host_s_clock_moves_no_tick(lab: Lab) -> None:
    server = lab.server()
    redis = lab.client(server)
    host = lab.wall_clock()
    lab.clock(server.url, time=host)
    lab.clock(server.url, time=host).wait_for("joined")
    lab.ticks(redis, 1)
    for step in (HOUR, 0, -HOUR):
        host.to(step)
        lab.ticks(redis, 2)
    lab.leader().kill()
    lab.ticks(redis, 2)
    lab.stop()
    accounts = lab.accounts(redis)
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")
    assert accounts.ticks()[-1] <= redis.time()[0]
    assert max(accounts.lateness()) < LEASE + 2 + NOISE


@pytest.mark.fault("10", "Redis's time steps 1 h ahead, back, and 1 h behind; then the leader is killed")
def test_a_step_of_redis_s_clock_is_held_and_told(lab: Lab) -> None:
    redis_host = lab.wall_clock()
    server = lab.server(environment=redis_host.environment)
    redis = lab.client(server)
    clocks = [lab.clock(server.url) for _ in range(2)]
    for clock in clocks:
        clock.wait_for("joined")
    lab.ticks(redis, 1)
    for step, words in ((HOUR, "jumped by 3"), (0, "agree again"), (-HOUR, "jumped by -3")):
        redis_host.to(step)
        for clock in clocks:
            clock.wait_for(words)
        assert lab.ticks(redis, 2) <= time.time() + ABOUT
        shows_the_jump(lab, server, bool(step))
        assert "no difference" in said(lab, server, "audit", "--from", "10 minutes")
    assert "time jumped" in said(lab, server, "activity", "--json")
    leader = lab.leader()
    leader.kill()
    killed = time.monotonic()
    lab.leader([clock for clock in clocks if clock is not leader])
    lab.note("replaced after", time.monotonic() - killed)
    lab.ticks(redis, 2)
    lab.stop()
    redis_host.to(0)  # the audit believes Redis
    accounts = lab.accounts(redis)
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")
    assert max(accounts.lateness()) < 2 * LEASE + 1 + NOISE


@pytest.mark.fault("10", "clocks start while Redis's time has jumped by 1 h: beside another, and when all have left")
@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_a_clock_that_starts_amid_a_held_jump_holds_it_too(lab: Lab, step: int) -> None:
    redis_host = lab.wall_clock()
    server = lab.server(environment=redis_host.environment)
    redis = lab.client(server)
    first = lab.clock(server.url)
    lab.ticks(redis, 1)
    redis_host.to(step)
    first.wait_for("jumped by")
    shows_the_jump(lab, server, True)

    second = lab.clock(server.url)
    second.wait_for("before this clock came")
    second.wait_for("joined")
    first.kill()
    lab.leader([second])
    assert lab.ticks(redis, 2) <= time.time() + ABOUT
    assert second.stop() == 0
    third = lab.clock(server.url)
    third.wait_for("before this clock came")
    lab.leader([third])
    assert lab.ticks(redis, 2) <= time.time() + ABOUT
    accepted = lab.run("accept-time", "--reason", "its host was repaired", redis_url=server.url)
    assert accepted.wait() == 0, accepted.output
    third.wait_for("is accepted")
    third.stop()
    fourth = lab.clock(server.url)
    fourth.wait_for("runs follow Redis's")


def shows_the_jump(lab: Lab, server: Server, jumped: bool) -> None:
    """Wait until the status says so, or does not any more: it goes by the leader's last beat."""
    until(lambda: ("TIME: Redis's jumped" in said(lab, server, "status")) is jumped, 60, what="the status")


def said(lab: Lab, server: Server, *arguments: str) -> str:
    """What a command answers that finds everything in order."""
    command = lab.run(*arguments, redis_url=server.url)
    assert command.wait() == 0, command.output
    return command.output


# The nights of 2027 on which clocks are set, by hand: zone, the instant (UTC), the time that is lacking or comes twice
# there (cron), and the one instant at which it must run: after a gap at its end, of two at the first.
NIGHTS = [
    ("America/New_York", "2027-03-14T07:00", "30 2 * * *", "2027-03-14T07:00"),
    ("Europe/London", "2027-03-28T01:00", "30 1 * * *", "2027-03-28T01:00"),
    ("Australia/Sydney", "2027-04-03T16:00", "31 2 * * *", "2027-04-03T15:31"),
    ("America/Santiago", "2027-04-04T03:00", "31 23 * * *", "2027-04-04T02:31"),
    ("America/Santiago", "2027-09-05T04:00", "30 0 * * *", "2027-09-05T04:00"),
    ("Australia/Sydney", "2027-10-02T16:00", "30 2 * * *", "2027-10-02T16:00"),
    ("Europe/London", "2027-10-31T01:00", "31 1 * * *", "2027-10-31T00:31"),
    ("America/New_York", "2027-11-07T06:00", "31 1 * * *", "2027-11-07T05:31"),
]
ZONES = sorted({zone for zone, *_ in NIGHTS})


@pytest.mark.fault("11", "both nights of the clock change in four zones, by stepping Redis's and the hosts' time")
def test_on_the_nights_of_the_clock_change_all_runs_once(lab: Lab) -> None:
    lines = [f'clock.cron("*/20 * * * *", tz="{zone}", name="twenty {zone}").enqueue(jobs.plain)' for zone in ZONES]
    lines += [f'clock.cron("@hourly", tz="{zone}", name="hourly {zone}").enqueue(jobs.plain)' for zone in ZONES]
    lines += [
        f'clock.cron("{cron}", tz="{zone}", name="fixed {at}").enqueue(jobs.plain)' for zone, at, cron, _ in NIGHTS
    ]
    traveller = Traveller(lab, lines, begin=NIGHTS[0][1])
    for zone, at, _, due in NIGHTS:
        night = instant(at)
        traveller.to(night - 3 * HOUR)
        traveller.to(night + 3 * HOUR)
        name = zone.lower().replace("/", "-").replace("_", "-")
        slugs = (f"twenty-{name}", f"hourly-{name}", f"fixed-{at.replace(':', '-').lower()}")
        for slug, last in zip(slugs, (night + 3 * HOUR, night + 3 * HOUR, instant(due)), strict=True):
            lab.reaches(traveller.redis, last, slug=slug)
        found = traveller.enqueued(*slugs)
        window = range(night - 3 * HOUR + 1, night + 3 * HOUR + 1)
        twenty, hourly, fixed = ([tick for tick in ticks if tick in window] for ticks in found)
        assert twenty == [tick for tick in window if tick % 1200 == 0], zone
        assert hourly == [tick for tick in window if tick % HOUR == 0], zone
        assert fixed == [instant(due)], zone
    lab.stop()


@pytest.mark.fault("12", "29 February, a year's end, and a leap second smeared over ten steps")
def test_the_calendar_s_odd_days_lose_and_double_nothing(lab: Lab) -> None:
    lines = [
        'clock.cron("0 12 29 2 *", name="leap day").enqueue(jobs.plain)',
        'clock.every("month", on="last day", at="12:00", name="last").enqueue(jobs.plain)',
        'clock.cron("59 23 31 12 *", name="old year").enqueue(jobs.plain)',
        'clock.cron("0 0 1 1 *", name="new year").enqueue(jobs.plain)',
    ]
    traveller = Traveller(lab, lines, begin="2028-02-28T11:00")
    traveller.to(instant("2028-02-29T13:00"))
    traveller.to(instant("2028-12-31T22:00"))
    traveller.to(instant("2029-01-01T01:00"))
    smeared_from = lab.cursor(traveller.redis)
    for _ in range(10):
        traveller.time.by(-0.1)
        time.sleep(0.2)  # the smear itself: as much time as the step needs to be followed
    lab.ticks(traveller.redis, 1)
    lab.stop()
    smeared_to = lab.cursor(traveller.redis)
    leap, last, old, new, ticks = traveller.enqueued("leap-day", "last", "old-year", "new-year", "tick")
    assert leap == [instant("2028-02-29T12:00")]
    assert [tick for tick in last if tick <= instant("2028-03-01T00:00")] == [instant("2028-02-29T12:00")]
    assert old == [instant("2028-12-31T23:59")]
    assert new == [instant("2029-01-01T00:00")]
    assert [tick for tick in ticks if tick > smeared_from] == list(range(smeared_from + 1, smeared_to + 1))


class Traveller:
    """A clock and its Redis on hosts whose time is stepped together: Redis is believed, since the host agrees.

    The schedule `tick`, due every second, tells how far the clock has come.
    """

    def __init__(self, lab: Lab, lines: Iterable[str], *, begin: str) -> None:
        self.lab = lab
        self.time: TimeShift = lab.wall_clock(instant(begin) - 4 * HOUR - time.time())
        second = 'clock.every("second", name="tick", catch_up="none").enqueue(jobs.plain)'
        arguments = 'catch_up="all", catch_up_within="1 day", catch_up_rate=5000'
        server = lab.server(environment=self.time.environment)
        self.redis = lab.client(server)
        lab.clock(server.url, lab.file(*lines, second, arguments=arguments), time=self.time)
        lab.leader()

    @property
    def now(self) -> float:
        return time.time() + self.time.seconds

    def to(self, at: int) -> None:
        """Step to an instant, and wait until everything up to it is decided: the step after it has been made."""
        self.time.by(at + 0.7 - self.now)
        self.lab.reaches(self.redis, at + 1)

    def enqueued(self, *slugs: str) -> list[list[int]]:
        """The ticks of each schedule that are enqueued, once as the ledger has them and once as the queue does."""
        queued = [job.decode() for job in self.redis.lrange("rq:queue:default", 0, -1)]
        ticks = []
        for slug in slugs:
            rows = {
                int(tick): json.loads(row)
                for tick, row in self.redis.hgetall(f"rq:clock:default:ledger:{slug}").items()
            }
            ticks.append(sorted(tick for tick, row in rows.items() if row["is"] == "enqueued"))
            stamps = [job.rpartition("_")[2] for job in queued if job.rpartition("_")[0] == slug]
            assert sorted(stamps) == [f"{datetime.fromtimestamp(tick, UTC):%Y%m%dT%H%M%SZ}" for tick in ticks[-1]]
        return ticks


def instant(text: str) -> int:
    """Epoch seconds of a time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
