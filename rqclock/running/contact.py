"""The line between a clock process and Redis: beats, and the time that they bring."""

from __future__ import annotations

import logging
import time

import redis

from rqclock.running.redis_time import RedisTime
from rqclock.store.lease import Beat, Lease
from rqclock.store.presence import has_jumped, held_by
from rqclock.store.replies import text, texts

log = logging.getLogger("rqclock.clock")
ON_AS_BEFORE = "this host's did not: going on as before; if Redis is right, say so: rqclock accept-time"


class Contact:
    """Keeps Redis's time from sample to sample, and the lease from beat to beat."""

    def __init__(self, connection: redis.Redis, lease: Lease) -> None:
        self._connection = connection
        self._lease = lease
        self._time = RedisTime()
        self._accepted: str | None = None
        self._known = (0.0, 0.0)
        self.beat_at = 0.0
        self.heard: float | None = None  # Redis's time of the last beat that was answered

    def now(self) -> float:
        """Redis's time, in epoch seconds."""
        return self._time.now(time.monotonic())

    def carried(self) -> float:
        """The same for other threads: carried on from the last beat, and nothing of it is changed by the asking."""
        known, at = self._known
        return known + time.monotonic() - at

    def greet(self) -> float:
        """The first sample, as Redis says it; a jump that whoever led last holds is held, if this host agrees with it.

        Raises redis.RedisError.
        """
        asked = time.monotonic()
        seconds, micros = self._connection.time()
        server, wall = seconds + micros / 1e6, time.time()
        self._time.offer(server, asked, time.monotonic(), wall)
        if self._time.held is None and has_jumped(server - wall):
            held = self._told_jump()
            if has_jumped(held) and not has_jumped(server - held - wall):
                self._time.hold(held)
                log.error("Redis's time jumped by %.0f s before this clock came, and %s", held, ON_AS_BEFORE)
            else:
                log.warning("this host's clock and Redis's differ by %.0f s: runs follow Redis's", wall - server)
        self._lease.held = self._time.behind
        return server

    def _told_jump(self) -> float:
        """What whoever led last holds; 0 when a person has said since that Redis is right."""
        pipeline = self._connection.pipeline()
        pipeline.hgetall(self._lease.keys.named("lease"))
        pipeline.hget(self._lease.keys.named("counters"), "accept_time")
        told, accepted = pipeline.execute()
        lease, self._accepted = texts(told), text(accepted or "")
        return held_by(lease) if lease.get("accepted", "") == self._accepted else 0.0

    def beat(self) -> Beat:
        """One beat of the lease, whose answer is a sample too. Raises redis.RedisError."""
        beat = self._lease.beat(self.now())
        if self._accepted is not None and beat.accepted != self._accepted:
            self._time.accept()
            log.warning("Redis's time is accepted, as it was told")
        self._accepted = beat.accepted
        self._offer(beat)
        self._known = (self.now(), time.monotonic())
        told, self._lease.held, self._lease.accepted = self._lease.held, self._time.behind, beat.accepted
        # A jump is told at once: a clock that starts just now would take Redis's time for right.
        is_news = has_jumped(told) is not has_jumped(self._lease.held)
        self.beat_at = beat.asked + (0.0 if is_news else self._lease.interval)
        self.heard = self.now()
        return beat

    def beat_is_due(self) -> bool:
        """Whether the lease wants a beat."""
        return time.monotonic() >= self.beat_at

    @property
    def held(self) -> float | None:
        """Seconds by which Redis's time has jumped, and this host's has not; None when they agree."""
        return self._time.held

    def _offer(self, beat: Beat) -> None:
        before = self._time.held
        self._time.offer(beat.server, beat.asked, beat.answered, time.time())
        if self._time.held is not None and before is None:
            log.error("Redis's time jumped by %.0f s, and %s", self._time.held, ON_AS_BEFORE)
        elif before is not None and self._time.held is None:
            log.warning("Redis's time and this host's agree again")
