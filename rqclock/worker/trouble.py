"""Waiting until a failure of Redis (down, restarting, full, read-only) has passed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

import redis

from rqclock.connection import passes

Value = TypeVar("Value")

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0

log = logging.getLogger("rqclock.worker")


def in_its_words(error: redis.RedisError) -> str:
    """As redis-py tells it."""
    return f"Redis: {str(error).strip() or type(error).__name__}"


def ride_out(
    step: Callable[[], Value],
    pause: Callable[[float], None],
    *,
    told: Callable[[redis.RedisError], str] = in_its_words,
) -> Value:
    """The value of `step`, tried until Redis takes it. `pause` may raise to give up. Other errors go through.

    `told` says in the log what is waited for.
    """
    delay = 0.0
    while True:
        try:
            value = step()
        except redis.RedisError as error:
            if not passes(error):
                raise
            if not delay:
                log.error("%s; waiting", told(error))
            delay = min(LONGEST_PAUSE, max(FIRST_PAUSE, delay * 2))
            pause(delay)
        else:
            if delay:
                log.info("Redis takes commands again")
            return value


class Noting(redis.Redis):
    """A client that remembers the last failure of a pipeline: RQ logs some of them and goes on as if all were well."""

    failure: redis.RedisError | None = None

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> NotingPipeline:
        made = NotingPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)
        made.owner = self
        return made


class NotingPipeline(redis.client.Pipeline):
    owner: Noting

    def execute(self, raise_on_error: bool = True) -> list[object]:
        try:
            return super().execute(raise_on_error)
        except redis.WatchError as error:
            if "occurred while watching" not in str(error):
                raise
            # A lost connection, not another writer: RQ would send the whole transaction again, done or not.
            self.owner.failure = redis.ConnectionError(str(error))
            raise self.owner.failure from error
        except redis.RedisError as error:
            self.owner.failure = error
            raise
