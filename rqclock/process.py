"""The clock process: leads, or stands by, or waits for Redis, until it is told to stop."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import redis

from rqclock import connection as connections
from rqclock.entries import Outage
from rqclock.errors import ConfigurationError, RqclockError
from rqclock.followers import Followers
from rqclock.keys import Keys
from rqclock.lease import Beat, Lease
from rqclock.ledger import Fenced, Ledger, NotPublished, WrongType
from rqclock.logs import set_up
from rqclock.redis_time import RedisTime
from rqclock.schedules import Timetable
from rqclock.settings import Settings
from rqclock.ticker import Memory, Ticker
from rqclock.waiter import Stop, Waiter

if TYPE_CHECKING:
    from rqclock.clock import Clock

log = logging.getLogger("rqclock.clock")
FIRST_RETRY, LAST_RETRY = 0.1, 1.0
LOOKS_IN_A_LIFE = 8
SKEW = 30.0
UNREACHABLE = "Redis was out of reach"
USAGE = "usage: python clock.py [--take-over]"


def main(clock: Clock, arguments: Sequence[str]) -> int:
    """Run the clock; the exit code: 0 stopped, 2 cannot run as configured (one line each says why)."""
    try:
        if set(arguments) - {"--take-over"}:
            raise ConfigurationError(USAGE)
        settings = Settings.read(os.environ)
        set_up("clock")
        return Process(clock.timetable(), settings, take_over="--take-over" in arguments).run()
    except RqclockError as error:
        print(error, file=sys.stderr)
        return 2


class Process:
    """One clock process. All that decides runs in one thread, so that who leads is known in the loop that enqueues."""

    def __init__(self, timetable: Timetable, settings: Settings, *, take_over: bool = False) -> None:
        self._timetable = timetable
        self._settings = settings
        self._take_over = take_over
        connection = connections.connect(settings, "clock", answer_timeout=max(1.0, settings.lease))
        keys = Keys(settings.key_prefix, timetable.slug)
        self._connection = connection
        self._lease = Lease(connection, keys, timetable.fingerprint, settings.lease, time.monotonic)
        self._ledger = Ledger(connection, keys, self._lease)
        self._time = RedisTime()
        self._waiter = Waiter()
        self._followers = Followers(settings, keys, self._lease, wake=self._waiter.wake)
        self._ticker: Ticker | None = None
        self._memory = Memory()
        self._outage = Outage()
        self._publish = False
        self._beat_at = 0.0
        self._joined = False
        self._failed: str | None = None
        self._retry = FIRST_RETRY

    def run(self) -> int:
        """Until SIGTERM or SIGINT; then 0. Raises RqclockError when waiting could not help."""
        with self._waiter:
            try:
                while True:
                    self._turn()
            except Stop:
                return self._leave()

    def _turn(self) -> None:
        """One turn of the loop, and what follows if Redis or the lease fails in it."""
        try:
            self._waiter.check()
            if not self._joined:
                self._join()
            self._lead() if self._lease.leading else self._stand_by()
        except (Fenced, NotPublished) as error:
            log.warning("leaving off to look anew: %s", error or "the timetable in Redis is another")
            self._ticker = None
            self._publish = isinstance(error, NotPublished)
            self._beat()
        except WrongType as error:
            self._pause_after(str(error))
        except redis.RedisError as error:
            self._lost(error)

    # --- leading

    def _lead(self) -> None:
        if self._ticker is None:
            self._take_lead()
        assert self._ticker is not None
        self._ticker.step()
        self._keep()
        if not self._lease.may_lead:
            log.warning("a newer timetable (generation %d) is live: handing over", self._lease.newest)
            self._ticker = None
            self._lease.give_up()
            return
        due = self._ticker.wait_until()
        until_due = float("inf") if due is None else due - self._now()
        self._waiter.wait(min(until_due, self._beat_at - time.monotonic()))

    def _take_lead(self) -> None:
        ticker = Ticker(self._timetable, self._ledger, now=self._now, pause=self._keep, memory=self._memory)
        forgotten = ticker.take_lead(self._outage, publish=self._publish)
        self._ticker, self._publish = ticker, False
        if forgotten:
            log.error("state lost: Redis has forgotten decisions on %d schedules (%s); they are decided again",
                      len(forgotten), ", ".join(forgotten[:3]))  # fmt: skip
        log.info("leading (epoch %s, generation %d)", self._lease.epoch, self._lease.generation)
        self._followers.start()

    def _keep(self) -> None:
        """Keep the lease between two pieces of work. Raises Fenced when it is no longer ours."""
        if time.monotonic() >= self._beat_at:
            self._beat()
        if not self._lease.leading:
            raise Fenced("the lease is not ours any more")

    # --- standing by

    def _stand_by(self) -> None:
        self._ticker = None
        beat = self._beat()
        takeable_at = self._lease.takeable_at
        wait = self._settings.lease / LOOKS_IN_A_LIFE
        if takeable_at is not None:
            if time.monotonic() >= takeable_at:
                self._outage = Outage(_last_beat(beat))
                if self._lease.acquire(self._now()):
                    self._beat_at = 0.0
                    return
            wait = min(wait, max(0.01, takeable_at - time.monotonic()))
        self._waiter.wait(wait)

    # --- both

    def _join(self) -> None:
        server = self._sample()
        self._refuse_stranger()
        self._lease.join(server)
        self._joined = True
        self._followers.listen()
        log.info("clock %r joined (generation %d): %d schedules", self._timetable.name, self._lease.generation,
                 len(self._timetable.schedules))  # fmt: skip

    def _sample(self) -> float:
        asked = time.monotonic()
        seconds, micros = self._connection.time()
        server, wall = seconds + micros / 1e6, time.time()
        self._time.offer(server, asked, time.monotonic(), wall)
        if abs(server - wall) > SKEW:
            log.warning("this host's clock and Redis's differ by %.0f s: runs follow Redis's", wall - server)
        return server

    def _beat(self) -> Beat:
        beat = self._lease.beat(self._now())
        held = self._time.held
        self._time.offer(beat.server, beat.asked, beat.answered, time.time())
        if self._time.held is not None and held is None:
            log.error(
                "Redis's time jumped by %.0f s: going on by this host's own; see rqclock accept-time", self._time.held
            )
        self._beat_at = beat.asked + self._lease.interval
        self._well()
        return beat

    def _now(self) -> float:
        return self._time.now(time.monotonic())

    def _refuse_stranger(self) -> None:
        there = set(self._ledger.definitions())
        ours = {schedule.slug for schedule in self._timetable.schedules}
        if there and ours and not there & ours and not self._take_over:
            raise ConfigurationError(
                f"another timetable ({len(there)} schedules, none of them in this file) is in force under "
                f'the Clock name {self._timetable.name!r}: give yours one of its own, Clock(name="…"), '
                "or run python clock.py --take-over"
            )

    # --- trouble

    def _well(self) -> None:
        if self._failed is not None:
            log.info("Redis at %s is back", connections.address(self._settings))
        self._failed, self._retry = None, FIRST_RETRY

    def _lost(self, error: redis.RedisError) -> None:
        if not self._joined and connections.is_misconfigured(error):
            raise connections.explain(error, self._settings) from None
        self._pause_after(str(connections.explain(error, self._settings)))

    def _pause_after(self, text: str) -> None:
        """Say what is wrong once, and wait a little before the next try; whatever we knew is read anew then."""
        if self._failed is None:
            log.error("%s; waiting", text)
        if self._ticker is not None:
            self._outage = Outage(self._now(), UNREACHABLE)
        self._failed = text
        self._ticker = None
        self._connection.connection_pool.disconnect()
        self._waiter.wait(self._retry)
        self._retry = min(LAST_RETRY, self._retry * 2)

    def _leave(self) -> int:
        try:
            if self._joined:
                self._lease.leave()
        except redis.RedisError as error:
            log.warning("could not hand over: %s", error)
        log.info("stopped")
        return 0


def _last_beat(beat: Beat) -> float | None:
    """When the leader before us last beat, in Redis's time."""
    at = beat.lease.get("at")
    return int(at) / 1000 if at else None
