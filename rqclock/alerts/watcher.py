"""The watch: a thread that looks whether anything is wrong, and one for each channel by which it is told.

Any number may run beside each other, in any processes: Redis holds what is open and what was sent.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import redis

from rqclock.alerts.channels import Channel
from rqclock.alerts.delivery import DROP_AFTER, Delivery
from rqclock.alerts.kinds import REDIS_AWAY
from rqclock.alerts.look import Look
from rqclock.alerts.notice import Alert, Sender
from rqclock.alerts.pings import CHANNEL
from rqclock.alerts.register import Register
from rqclock.alerts.teller import Teller
from rqclock.connection import address, connect
from rqclock.settings import Settings
from rqclock.store.server_now import server_now

log = logging.getLogger("rqclock.alerts")
LOOKS = 5.0  # seconds between two looks, of all watchers together
LOOKS_IN_SILENCE = 4  # looks at the clocks in the time after which they count as silent
FAREWELL = 3.0  # seconds that a channel has to end what is under way
SHARE = 0.1  # of the time that looking may take
TIDIES = 3600.0  # seconds between two looks for messages that nobody sends


class Watcher:
    """Watches as one process. `active` says whether it may judge: the leading clock is not its own judge.

    `expected`: that no clock was ever there is wrong also where nothing else needs one.
    """

    def __init__(
        self,
        settings: Settings,
        channels: Sequence[Channel],
        *,
        active: Callable[[], bool] = lambda: True,
        expected: bool = True,
    ) -> None:
        self._settings = settings
        self._active = active
        self._connection = connect(settings, "watch")
        self._sender = Sender.of(settings)
        self._register = Register(self._connection, settings.key_prefix)
        self._look = Look(
            self._connection,
            settings.key_prefix,
            silent_after=settings.silence,
            pinging=any(channel.name == CHANNEL for channel in channels),
            expected=expected,
        )
        self._teller = Teller(self._register, self._sender, [channel.name for channel in channels])
        self._deliveries = [
            Delivery(channel, connection := connect(settings, "alerts"), Register(connection, settings.key_prefix))
            for channel in channels
        ]
        self._failing_since: float | None = None
        self._away: Alert | None = None
        self._error = ""
        self._broken: list[str] = []  # what could not be judged when we last looked at everything
        self._next_rest = 0.0
        self._next_tidying = 0.0
        self._stopped = threading.Event()

    @property
    def interval(self) -> float:
        """Seconds between two looks of this process."""
        return min(LOOKS, self._settings.silent_after / LOOKS_IN_SILENCE)

    def start(self) -> None:
        """Begin, in threads."""
        threading.Thread(target=self._repeat, name="watch", daemon=True).start()
        for delivery in self._deliveries:
            delivery.start()

    def stop(self) -> None:
        """Look no more. What is still to be sent, others send, or we after the next start."""
        self._stopped.set()
        for delivery in self._deliveries:
            delivery.stop(FAREWELL)

    def _repeat(self) -> None:
        while not self._stopped.is_set():
            self._turn()
            self._stopped.wait(self.interval)

    def _turn(self) -> None:
        try:
            if self._active():
                self._step()
            else:
                self._look.forget()
            self._well()
            self._say_once(self._broken[0] if self._broken else "")
        except redis.RedisError as error:
            self._trouble(_words(error, address(self._settings)))
        except Exception as error:  # whatever is strange in one look must not end the watch
            self._say_once(f"{type(error).__name__}: {error}")

    def _step(self) -> None:
        now = server_now(self._connection)
        if self._failing_since is not None:
            self._look.forget()
        here = self._look.at_clocks(time.monotonic())
        told = self._teller.tell(here, now)
        if self._my_turn(now):
            began = time.monotonic()
            rest = self._look.at_the_rest(now)
            told += self._teller.tell(rest, now)
            self._broken = [f"{type(error).__name__}: {error}" for error in (*here.broken, *rest.broken)]
            ended = time.monotonic()
            self._next_rest = ended + (ended - began) / SHARE
            self._tidy(now)
        for delivery in self._deliveries if told else ():
            delivery.hurry()

    def _my_turn(self, now: float) -> bool:
        if time.monotonic() < self._next_rest:
            return False
        # A little less than the time between two looks, so that a lonely watcher has every turn.
        return self._register.my_turn(now, 0.9 * self.interval)

    def _tidy(self, now: float) -> None:
        """Messages for a channel that is no longer set would lie there for ever."""
        if time.monotonic() < self._next_tidying:
            return
        self._next_tidying = time.monotonic() + TIDIES
        ours = {delivery.name for delivery in self._deliveries}
        for channel, count in self._register.drop(ours, now - DROP_AFTER).items():
            many = "1 notice was" if count == 1 else f"{count} notices were"
            log.warning("%s dropped: by %s, which is not set any more, nobody could send for a day", many, channel)

    # --- Redis itself

    def _trouble(self, text: str) -> None:
        """Redis does not answer, or refuses. Nobody can note that it was told, so each process says it for itself."""
        monotonic = time.monotonic()
        with suppress(redis.RedisError):
            self._connection.connection_pool.disconnect()
        self._say_once(text)
        if self._failing_since is None:
            self._failing_since = monotonic
        silent = monotonic - self._failing_since
        if self._away is None and silent >= self._settings.silent_after:
            now = time.time()
            said = f"{text} ({_here()} says so for itself)"
            id_ = f"{REDIS_AWAY.slug}::{socket.gethostname()}-{os.getpid()}"
            self._away = Alert(id_, REDIS_AWAY.slug, "", "", "", 0, now - silent, now, said)
            log.error("alert: %s", said)
            self._say(self._sender.alert(self._away))

    def _well(self) -> None:
        self._failing_since = None
        if self._away is None:
            return
        away, self._away = self._away, None
        text = f"Redis at {address(self._settings)} answers ({_here()})"
        log.info("alert over: %s", text)
        self._say(self._sender.end(away, text, time.time()))

    def _say(self, notice: Mapping[str, Any]) -> None:
        for delivery in self._deliveries:
            if delivery.name != CHANNEL:  # a monitor hears of runs only
                delivery.say(notice, time.monotonic())

    def _say_once(self, text: str) -> None:
        if text and text != self._error:
            log.error("watching: %s; trying on", text)
        self._error = text


def _words(error: redis.RedisError, where: str) -> str:
    verb = "refuses" if isinstance(error, redis.ResponseError) else "does not answer"
    return f"Redis at {where} {verb}: {str(error).strip().rstrip('.') or type(error).__name__}"


def _here() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"
