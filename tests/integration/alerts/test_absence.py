"""A clock that never came, in Redis as it is: who hears of it, how often, and what ends it."""

from __future__ import annotations

from collections import Counter

import pytest
import redis as redis_py
from rq import Queue

from rqclock import Job
from rqclock.acts.activity import By
from rqclock.acts.forget import forget
from rqclock.alerts.look import Look
from rqclock.alerts.notice import Sender
from rqclock.alerts.register import Register
from rqclock.alerts.teller import Teller
from tests.support import jobs
from tests.support.leader import Leader, Time, seconds

TOLD = {"alert": 1}
OVER = {"back": 1}


class Watching:
    """A watcher; several of one `time` stand beside each other."""

    def __init__(self, redis: redis_py.Redis, time: Time, prefix: str = "rq", *, expected: bool = True) -> None:
        self.register = Register(redis, prefix)
        self._look = Look(redis, prefix, silent_after=30.0, expected=expected)
        self._teller = Teller(self.register, Sender(), ["webhook"])
        self._time = time
        self.texts: list[str] = []

    def look(self) -> Counter[str]:
        """What one look newly tells of clocks."""
        self._teller.tell(self._look.at_clocks(self._time.monotonic), self._time.now)
        found: Counter[str] = Counter()
        while (message := self.register.take("webhook", self._time.now + 1)) is not None:
            self.register.done(message)
            found[message.notice["event"]] += 1
            self.texts.append(message.notice["text"])
        return found

    def for_a_while(self, seconds: int = 60) -> Counter[str]:
        """Likewise one every five seconds."""
        found = self.look()
        for _ in range(0, seconds, 5):
            self._time.pass_by(5)
            found += self.look()
        return found


@pytest.fixture
def time() -> Time:
    return Time()


def test_a_clock_that_never_came_is_told_once_over_watchers_and_restarts_until_one_leads(
    redis: redis_py.Redis, time: Time
) -> None:
    first, second = Watching(redis, time), Watching(redis, time)
    second.look()
    assert first.for_a_while() == TOLD
    assert first.texts[0].startswith("no clock has ever led here: below the prefix 'rq' Redis knows of none.")
    restarted = Watching(redis, time)
    assert second.for_a_while() == restarted.for_a_while() == {}
    assert list(restarted.register.open()) == ["clock-silent::"]
    leader = Leader(redis, seconds(), time).lead()
    assert restarted.look() == OVER
    assert restarted.texts[-1].startswith("back: a clock has taken the lead of 'default', after 2 min")
    leader.beat()
    assert first.look() == second.look() == restarted.look() == {}
    assert restarted.register.open() == {}


def test_a_clock_that_has_led_and_falls_silent_is_told_by_its_name_and_not_as_one_that_never_came(
    redis: redis_py.Redis, time: Time
) -> None:
    watching = Watching(redis, time)
    watching.look()
    Leader(redis, seconds(), time).lead()
    assert watching.for_a_while() == TOLD
    assert list(watching.register.open()) == ["clock-silent:default:"]


def test_a_redis_that_came_back_empty_and_no_clock_with_it_is_told(redis: redis_py.Redis, time: Time) -> None:
    watching = Watching(redis, time, expected=False)
    leader = Leader(redis, seconds(), time).lead()
    watching.look()
    leader.beat()
    assert watching.look() == {}
    redis.flushall()
    assert watching.for_a_while() == TOLD
    assert list(watching.register.open()) == ["clock-silent::"]


def test_a_clock_that_died_in_its_first_publication_is_told_by_its_name(redis: redis_py.Redis, time: Time) -> None:
    leader = Leader(redis, seconds(*(f"tick {n}" for n in range(150))), time).join().beat()
    assert leader.acquire()
    next(iter(leader.ledger.publish(leader.timetable, int(time.now))))
    watching = Watching(redis, time)
    assert watching.for_a_while() == TOLD
    assert list(watching.register.open()) == ["clock-silent:default:"]


def test_after_the_only_clock_was_forgotten_no_other_is_missed(redis: redis_py.Redis, time: Time) -> None:
    leader = Leader(redis, seconds(), time).lead()
    leader.lease.leave()
    before = Watching(redis, time)
    before.look()
    forget(redis, leader.keys, "default", By("ann"))
    assert before.for_a_while() == Watching(redis, time).for_a_while() == {}


def test_a_web_process_alone_below_a_prefix_of_its_own_misses_no_clock(redis: redis_py.Redis, time: Time) -> None:
    Leader(redis, seconds(), time).lead()
    Queue(connection=redis, job_class=Job).enqueue(jobs.plain)
    web = Watching(redis, time, "other", expected=False)
    assert web.for_a_while() == {}
    redis.sadd("other:workers", "other:worker:one")
    assert web.for_a_while() == TOLD


def test_a_web_process_alone_does_not_end_what_somebody_tells_who_misses_a_clock(
    redis: redis_py.Redis, time: Time
) -> None:
    watching, web = Watching(redis, time), Watching(redis, time, expected=False)
    assert watching.for_a_while() == TOLD
    assert web.for_a_while() == watching.for_a_while() == {}
    assert list(web.register.open()) == ["clock-silent::"]
