"""The clock process: leads, or stands by, or waits for Redis, until it is told to stop."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

import redis

from rqclock import connection as connections
from rqclock.running import admission, events, watching
from rqclock.running.contact import Contact
from rqclock.running.entries import Outage
from rqclock.running.followers import Followers
from rqclock.running.health import Health, Metrics, notify_systemd
from rqclock.running.memory import Memory, tell_of
from rqclock.running.predicates import LIMIT, Predicates
from rqclock.running.pulse import Pulse
from rqclock.running.reports import log_decisions
from rqclock.running.ticker import Ticker
from rqclock.running.waiter import Stop, Waiter
from rqclock.settings import Settings
from rqclock.store.keys import Keys
from rqclock.store.lease import Beat, Lease
from rqclock.store.ledger import Entry, Fenced, Ledger, NotPublished, StateLost, Verdict, WrongType
from rqclock.timetable.schedules import Timetable

log = logging.getLogger("rqclock.clock")
FIRST_RETRY, LAST_RETRY = 0.1, 1.0
LOOKS_IN_A_LIFE = 8
LONGEST = 5.0  # seconds that the loop waits for anything, whatever the lease: longer looks like a stall
UNREACHABLE = "Redis was out of reach"


def answer_timeout(settings: Settings) -> float:
    """Seconds that a clock waits for one answer of Redis: with a long lease no longer than its loop may stand still."""
    return min(max(1.0, settings.lease), LONGEST)


class Process:
    """One clock process. All that decides runs in one thread, so that who leads is known in the loop that enqueues."""

    def __init__(self, timetable: Timetable, settings: Settings, *, take_over: bool = False) -> None:
        self._timetable = timetable
        self._settings = settings
        self._take_over = take_over
        connection = connections.connect(
            settings, "clock", answer_timeout=answer_timeout(settings), connected=self._note_connection
        )
        keys = Keys(settings.key_prefix, timetable.slug)
        self._connection, self._keys = connection, keys
        self._lease = Lease(connection, keys, timetable.fingerprint, settings.lease, time.monotonic)
        self._contact = Contact(connection, self._lease)
        self._ledger = Ledger(connection, keys, self._lease)
        self._waiter = Waiter()
        self._pulse = Pulse()
        self._metrics = Metrics(self._pulse, leading=lambda: self._lease.leading)
        self._followers = Followers(settings, keys, self._lease, now=self._contact.carried, wake=self._waiter.wake)
        self._ticker: Ticker | None = None
        self._memory = Memory(predicates=Predicates(min(LIMIT, settings.lease / 2)))
        self._outage = Outage()
        self._publish = False
        self._reconnected = False
        self._joined = False
        self._failed: str | None = None
        self._retry = FIRST_RETRY

    def run(self) -> int:
        """Until SIGTERM or SIGINT; then 0. Raises RqclockError when waiting could not help."""
        Health(self._pulse, self._metrics, self._settings, ready=self._is_well).start()
        watching.start(self._settings, self._lease)
        with self._waiter:
            try:
                while True:
                    self._turn()
                    self._pulse.beat()
                    notify_systemd("WATCHDOG=1")
            except Stop:
                return self._leave()
            finally:
                self._pulse.end()

    def _is_well(self) -> bool:
        return self._joined and self._failed is None

    def _turn(self) -> None:
        """One turn of the loop, and what follows if Redis or the lease fails in it."""
        try:
            self._waiter.check()
            if not self._joined:
                self._join()
            self._lead() if self._lease.leading else self._stand_by()
        except (Fenced, NotPublished, StateLost) as error:
            log.warning("leaving off to look anew: %s", error or "the timetable in Redis is another")
            self._metrics.fenced.inc(isinstance(error, Fenced))
            self._leave_off()
            self._publish = isinstance(error, NotPublished)
            self._lease.doubt()
        except WrongType as error:
            self._pause_after(str(error))
        except redis.RedisError as error:
            self._lost(error)

    # --- leading

    def _lead(self) -> None:
        if self._ticker is None or self._reconnected:
            self._take_lead()
        assert self._ticker is not None
        self._ticker.step()
        self._keep()
        if self._lease.must_yield:
            log.warning("a newer timetable (generation %d) is live: handing over", self._lease.newest)
            self._leave_off()
            self._lease.give_up()
            return
        due = self._ticker.wait_until()
        until_due = float("inf") if due is None else due - self._contact.now()
        self._waiter.wait(min(until_due, self._contact.beat_at - time.monotonic(), LONGEST))

    def _take_lead(self) -> None:
        self._reconnected = False
        ticker = Ticker(
            self._timetable,
            self._ledger,
            now=self._contact.now,
            pause=self._keep,
            memory=self._memory,
            report=self._report,
        )
        published, in_force = self._ledger.in_force()
        loss = ticker.take_lead(self._outage, publish=self._publish)
        self._ticker, self._publish = ticker, False
        if loss.names:
            tell_of(loss, self._connection, self._keys, host=self._lease.host, now=self._contact.now())
        if in_force > self._lease.generation and published != self._timetable.fingerprint:
            generations = (self._lease.generation, in_force)
            events.returned(self._connection, self._keys, host=self._lease.host, generations=generations)
        log.info("leading (epoch %s, generation %d)", self._lease.epoch, self._lease.generation)
        self._followers.start()

    def _report(self, part: Sequence[Entry], verdicts: Sequence[Verdict]) -> None:
        log_decisions(part, verdicts, clock=self._keys.clock)
        self._metrics.count(verdicts)

    def _keep(self) -> None:
        """Keep the lease between two pieces of work. Raises Fenced when it is no longer ours."""
        self._pulse.beat()
        if self._contact.beat_is_due():
            self._beat()
        if not self._lease.leading:
            raise Fenced("the lease is not ours any more")

    # --- standing by

    def _stand_by(self) -> None:
        led = self._ticker is not None
        self._leave_off()
        beat = self._beat()
        if led and not self._lease.epoch:
            log.warning("standing by: %s has taken the lease", beat.lease.get("owner") or "nobody")
        if self._lease.leading:
            return  # it is ours still: after a disturbance that was shorter than its life
        takeable_at = self._lease.takeable_at
        wait = self._settings.lease / LOOKS_IN_A_LIFE
        if takeable_at is not None:
            if time.monotonic() >= takeable_at:
                self._outage = Outage(beat.leader_at)
                if self._lease.acquire(self._contact.now()):
                    self._metrics.takeovers.inc()
                    return
            wait = min(wait, max(0.01, takeable_at - time.monotonic()))
        self._waiter.wait(wait)

    # --- both

    def _join(self) -> None:
        server = self._contact.greet()
        admission.refuse_eviction(self._connection, self._settings)
        if not self._take_over:
            admission.refuse_stranger(self._ledger, self._timetable)
        self._lease.join(server)
        self._joined = True
        notify_systemd("READY=1")
        self._followers.listen()
        log.info("clock %r joined (generation %d): %d schedules", self._timetable.name, self._lease.generation,
                 len(self._timetable.schedules))  # fmt: skip

    def _beat(self) -> Beat:
        held = self._contact.held
        beat = self._contact.beat()
        self._well()
        if self._contact.held and not held and self._lease.leading:
            events.jumped(self._connection, self._keys, host=self._lease.host, seconds=self._contact.held)
        return beat

    # --- trouble

    def _well(self) -> None:
        if self._failed is not None:
            log.info("Redis at %s is back", connections.address(self._settings))
        self._failed, self._retry = None, FIRST_RETRY

    def _lost(self, error: redis.RedisError) -> None:
        if not self._joined and connections.lasts(error):
            raise connections.explain(error, self._settings) from None
        self._pause_after(str(connections.explain(error, self._settings)))

    def _pause_after(self, text: str) -> None:
        """Say what is wrong once, and wait a little before the next try; whatever we knew is read anew then."""
        if self._failed is None:
            log.error("%s; waiting", text)
        self._leave_off(UNREACHABLE)
        self._failed = text
        self._lease.doubt()  # so that the first to use the new connection is a beat
        self._connection.connection_pool.disconnect()
        self._waiter.wait(self._retry)
        self._retry = min(LAST_RETRY, self._retry * 2)

    def _leave_off(self, cause: str | None = None) -> None:
        """Drop what we know of the ticks. What is late when we lead again is so since Redis last heard us lead."""
        if self._ticker is not None:
            self._outage = Outage(self._contact.heard, cause)
        self._ticker = None

    def _note_connection(self) -> None:
        """A new connection may be one to a server that knows less, or more, than the last: cursors are read anew."""
        self._reconnected = True

    def _leave(self) -> int:
        notify_systemd("STOPPING=1")
        try:
            if self._joined:
                self._lease.leave()
                self._followers.stop()
        except redis.RedisError as error:
            log.warning("could not hand over: %s", error)
        log.info("stopped")
        return 0
