"""Sending, each channel in a thread of its own: an endpoint that does not answer delays nothing else."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import redis

from rqclock.alerts.channels import Channel
from rqclock.alerts.register import Message, Register, messages_of
from rqclock.alerts.webhook import NotSent
from rqclock.store.server_now import server_now

log = logging.getLogger("rqclock.alerts")
FIRST_WAIT, LAST_WAIT = 2.0, 240.0  # seconds before the second try, and at most before a later one
GIVE_UP_AFTER = 900.0
# Seconds after which a message is dropped by those who lack its channel. Nobody sends it after GIVE_UP_AFTER; it is so
# much more, that in a deploy none of this release drops what a later one, which may try for longer, would still send.
DROP_AFTER = 86_400.0
PATIENT_AFTER = 30.0  # seconds for which one that must wait for another looks often whether that has gone
LOOKS = 5.0  # seconds between two looks for messages of others, and for those that are to be tried again


def wait_after(tries: int) -> float:
    """Seconds until the next try.

    >>> [wait_after(tries) for tries in (1, 2, 3, 9)]
    [2.0, 4.0, 8.0, 240.0]
    """
    return min(LAST_WAIT, float(FIRST_WAIT * 2 ** (tries - 1)))


def next_try(message: Message, now: float) -> float | None:
    """When a message that could not be sent just now is tried again; None: not any more."""
    at = now + wait_after(message.tries + 1)
    return at if at - message.first <= GIVE_UP_AFTER else None


class Delivery:
    """Sends through one channel what is in the register, and what this process alone has to say."""

    def __init__(self, channel: Channel, connection: redis.Redis, register: Register) -> None:
        self._channel = channel
        self._connection = connection
        self._register = register
        self._own: deque[tuple[float, Message]] = deque()
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._repeat, name=f"alerts by {channel.name}", daemon=True)

    @property
    def name(self) -> str:
        return self._channel.name

    def start(self) -> None:
        """Begin, in a thread."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Begin nothing more, and leave what is under way so many seconds to end: half sent, it would come twice."""
        self._stopping = True
        self.hurry()
        self._thread.join(timeout)

    def hurry(self) -> None:
        """There is something to send."""
        self._wake.set()

    def say(self, notice: Mapping[str, Any], monotonic: float) -> None:
        """Send what cannot be in the register: Redis does not answer."""
        for message in messages_of(notice, [self._channel.name], monotonic):
            self._own.append((monotonic, message))
        self.hurry()

    def _repeat(self) -> None:
        failing = False
        while not self._stopping:
            self._wake.wait(LOOKS)
            self._wake.clear()
            try:
                self._say_own(time.monotonic())
                while not self._stopping and self.step(server_now(self._connection)):
                    pass
                failing = False
            except redis.RedisError:  # the watcher tells of it
                continue
            except Exception as error:  # whatever is wrong with one message must not keep the others from going
                if not failing:
                    log.error("alerts by %s: %s: %s; trying on", self._channel.name, type(error).__name__, error)
                failing = True

    def step(self, now: float) -> bool:
        """Send the next message, at `now` of Redis's time; whether there was one. Raises redis.RedisError."""
        message = self._register.take(self._channel.name, now)
        if message is None:
            return False
        if now - message.first > GIVE_UP_AFTER:
            # Nobody waits for it any more; and what comes faster than it can be sent must not fill Redis.
            self._give_up(message)
            return True
        if message.after and self._register.waits(message.after):
            # "Back" before what it answers would only confuse. Where much waits, it is asked about rarely.
            self._register.again(message, now + (FIRST_WAIT if now - message.first < PATIENT_AFTER else PATIENT_AFTER))
            return True
        sent = False
        try:
            sent = self._send(message)
        finally:  # also one that nobody can send, whatever that raises: it comes again, and is given up in the end
            if sent:
                self._register.done(message)
            else:
                self._put_back(message, now)
        return True

    def _put_back(self, message: Message, now: float) -> None:
        at = next_try(message, now)
        if at is None:
            self._give_up(message)
        else:
            self._register.again(replace(message, tries=message.tries + 1), at)

    def _give_up(self, message: Message) -> None:
        log.error("%s was given up: by %s it could not be sent", _named(message), self._channel.name)
        self._register.done(message)

    def _say_own(self, now: float) -> None:
        for _ in range(len(self._own)):
            due, message = self._own.popleft()
            if due > now:
                self._own.append((due, message))
                continue
            sent = False
            try:
                sent = self._send(message)
            finally:
                at = None if sent else next_try(message, now)
                if at is not None:
                    self._own.append((at, replace(message, tries=message.tries + 1)))

    def _send(self, message: Message) -> bool:
        try:
            self._channel.send(message.notice)
        except NotSent as error:
            log.warning("%s could not be sent by %s: %s", _named(message), self._channel.name, error)
            return False
        log.info("%s was sent by %s", _named(message), self._channel.name)
        return True


def _named(message: Message) -> str:
    return f"{message.notice.get('event', 'notice')} {message.notice.get('id', message.id)!r}"


def try_all(channels: Sequence[Channel], notice: Mapping[str, Any]) -> list[tuple[Channel, str]]:
    """Send a notice through each channel once: what went wrong, "" where it arrived."""
    found = []
    for channel in channels:
        problem = ""
        try:
            channel.send(notice)
        except NotSent as error:
            problem = str(error)
        found.append((channel, problem))
    return found
