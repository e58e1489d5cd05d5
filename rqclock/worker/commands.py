"""RQ's commands (`stop-job`, `kill-horse`, `shutdown`), heard in the parent's own loop."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import redis
from redis.client import PubSub
from rq.command import parse_payload

from rqclock.worker.stall import InHand

if TYPE_CHECKING:
    from rqclock.worker.stable import Stable

log = logging.getLogger("rqclock.worker")


class Commands:
    """The worker's channel."""

    def __init__(self, channel: PubSub, name: str) -> None:
        self._channel = channel
        channel.subscribe(name)

    def ears(self) -> list[int]:
        """The descriptor on which commands come, while there is a connection."""
        connection = self._channel.connection
        sock = getattr(connection, "_sock", None)
        return [sock.fileno()] if sock is not None else []

    def hear(self, ready: list[Any], stable: Stable) -> None:
        """Do what was asked on one of the descriptors that are ready."""
        if not set(self.ears()) & set(ready):
            return
        try:
            while (message := self._channel.get_message(ignore_subscribe_messages=False, timeout=0)) is not None:
                if message["type"] == "message":
                    self.obey(message, stable)
        except redis.RedisError as error:
            log.warning("commands cannot be heard: %s", error)
            self._drop()

    def mend(self) -> None:
        """Connect again after a loss. Raises redis.RedisError."""
        if not self.ears():
            self._channel.get_message(timeout=0)

    def obey(self, message: Any, stable: Stable) -> None:
        """Each command goes to the horses that it means, by what they have in hand."""
        try:
            payload = parse_payload(message)
            command = payload["command"]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning("a command that cannot be read: %s", error)
            return
        if command == "shutdown":
            log.info("asked to shut down")
            stable.ask_to_stop()
        elif command == "kill-horse":
            stable.kill("", lambda taken: True)
        elif command in ("stop-job", "stop-execution"):
            _stop(stable, payload)

    def close(self) -> None:
        self._channel.close()

    def _drop(self) -> None:
        connection: Any = self._channel.connection
        if connection is not None:
            connection.disconnect()


def _stop(stable: Stable, payload: dict[str, Any]) -> None:
    job_id, execution = payload.get("job_id"), payload.get("execution_id")

    def matches(taken: InHand) -> bool:
        return taken.execution == execution if execution else taken.job_id == job_id

    if not stable.kill("stop", matches):
        log.warning("asked to stop job %s, which does not run here", job_id)
