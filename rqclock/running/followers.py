"""What the leader does beside its loop, in threads of their own: their failures and delays are not the ticks'."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import redis

from rqclock.aftercare.janitor import Janitor
from rqclock.aftercare.outcomes import Outcomes
from rqclock.aftercare.reaper import Reaper
from rqclock.aftercare.retention import Retention
from rqclock.connection import connect
from rqclock.settings import Settings
from rqclock.store.keys import Keys
from rqclock.store.lease import Lease
from rqclock.store.locks import Locks

log = logging.getLogger("rqclock.clock")
PAUSE_AFTER_ERROR = 1.0
RETENTION_EVERY = 600.0


class Followers:
    """The janitor, the reaper, the reader of outcomes, the ear for wake-ups; at work while `lease.leading` says so.

    `now` tells the time that the clock goes by, from any thread.
    """

    def __init__(
        self, settings: Settings, keys: Keys, lease: Lease, *, now: Callable[[], float], wake: Callable[[], None]
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._lease = lease
        self._now = now
        self._wake = wake
        self._started = False
        self._releases: list[Callable[[], None]] = []

    def start(self) -> None:
        """Begin to follow the leader's duties, once a process."""
        if self._started:
            return
        self._started = True
        locks = Locks(connect(self._settings, "janitor"), self._keys)
        janitor = Janitor(connect(self._settings, "janitor"), self._keys, locks, clock=self._now)
        reaper = Reaper(connect(self._settings, "reaper"), self._keys, holds=locks.holds)
        outcomes = Outcomes(connect(self._settings, "outcomes"), self._keys)
        retention = Retention(connect(self._settings, "retention"), self._keys)
        self._thread("retention", retention.step, every=RETENTION_EVERY)
        self._thread("janitor", janitor.step, every=0.5, release=janitor.release)
        self._thread("outcomes", outcomes.step, every=1.0)
        self._thread("reaper", reaper.step, every=1.0)

    def listen(self) -> None:
        """Begin to hear when a lease is given up."""
        threading.Thread(target=self._hear, name="wake", daemon=True).start()

    def stop(self) -> None:
        """The process ends: give up what the next leader needs. What fails here expires by itself."""
        for release in self._releases:
            with suppress(redis.RedisError):
                release()

    def _thread(
        self,
        name: str,
        step: Callable[[float], None],
        *,
        every: float,
        release: Callable[[], None] = lambda: None,
    ) -> None:
        self._releases.append(release)
        threading.Thread(target=self._repeat, args=(name, step, every, release), name=name, daemon=True).start()

    def _repeat(self, name: str, step: Callable[[float], None], every: float, release: Callable[[], None]) -> None:
        failing = led = False
        while True:
            time.sleep(every)
            if not self._lease.leading:
                with suppress(redis.RedisError):
                    release() if led else None
                led = False
                continue
            led = True
            try:
                step(time.time())
                failing = False
            except Exception as error:  # one duty's failure must not end it, nor touch the ticks
                if not failing:
                    log.error("%s: %s: %s; trying on", name, type(error).__name__, error)
                failing = True
                time.sleep(PAUSE_AFTER_ERROR)

    def _hear(self) -> None:
        connection = connect(self._settings, "wake")
        while True:
            try:
                with connection.pubsub(ignore_subscribe_messages=True) as channel:  # type: ignore[no-untyped-call]
                    channel.subscribe(self._keys.named("wake"))
                    while True:
                        if channel.get_message(timeout=3600):
                            self._wake()
            except redis.RedisError:  # without it a standby still looks several times in a life of the lease
                time.sleep(PAUSE_AFTER_ERROR)
