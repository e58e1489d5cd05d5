"""Where jobs come from: several queues, the first one first. A job is in a list of RQ's at every moment.

BLPOP on several queues, as RQ does it, hands the job to a reply that may be lost. Here a job is moved into the queue's
intermediate list in the step that takes it. No command waits for several lists and moves, so a horse without work
waits on one connection for each queue, and lets go of the others when one of them has brought a job.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import redis
from redis.sentinel import SentinelConnectionPool
from rq.defaults import RQ_KEY_PREFIX

from rqclock.store.scripts import Scripts
from rqclock.worker.listening import readable

WAIT = 10  # seconds that Redis holds a waiting command; only so often is an idle horse's connection used
LED_WAIT = 2  # with Sentinel: until then nothing tells it that the master is another
ANSWER = 5  # seconds more, then the connection is taken for dead
BROKEN_QUEUE = 5.0  # seconds until a queue whose key is no list is looked at again

log = logging.getLogger("rqclock.worker")


class Suspended(Exception):
    """`rq suspend` was said."""


@dataclass(frozen=True)
class Popped:
    """A job that is in our hands and not begun: its hash as it is, None if its key holds something else."""

    queue: str
    job_id: bytes
    fields: dict[bytes, bytes] | None


class Source:
    """The queues of one horse."""

    def __init__(self, connection: redis.Redis, worker_name: str) -> None:
        self._connection = connection
        self._worker = worker_name
        self._scripts = Scripts(connection)
        self._lines: dict[str, Line] = {}
        self._broken: dict[str, float] = {}

    def pop(self, queues: Sequence[str]) -> Popped | None:
        """The next job, without waiting. Raises Suspended, redis.RedisError."""
        kind, *rest = self._scripts.call("pop", RQ_KEY_PREFIX, *queues)
        if kind == b"suspended":
            raise Suspended
        if kind == b"none":
            self._note_broken(rest)
            return None
        queue, job_id, *flat = rest
        fields = dict(zip(flat[::2], flat[1::2], strict=True)) if kind == b"job" else None
        return Popped(queue.decode(), job_id, fields)

    def wait(self, queues: Sequence[str], ear: int) -> Popped | None:
        """Wait for the next job; None after a while, or when there is something to read from `ear`."""
        now = time.monotonic()
        whole = [queue for queue in queues if self._broken.get(queue, 0.0) <= now]
        if not whole:
            readable([ear], 1.0)
            return None
        lines = [self._lines.setdefault(queue, Line(self._connection, queue)) for queue in whole]
        try:
            return self._first(lines, ear)
        except redis.RedisError as error:
            self._let_go()  # a demoted server too: on the same connections it would be asked for ever
            if "WRONGTYPE" not in str(error):
                raise
            return None  # which of the queues it is, `pop` tells

    def put_back(self, queue: str, job_id: bytes | str, execution: str = "") -> bool:
        """To the front of its queue; False when it is not ours any more. Raises redis.RedisError."""
        done: int = self._scripts.call("put_back", RQ_KEY_PREFIX, queue, job_id, self._worker, execution)
        return done == 1

    def _first(self, lines: list[Line], ear: int) -> Popped | None:
        for line in lines:
            line.ask()
        ready = readable([ear, *lines], WAIT + ANSWER)
        if not ready:
            raise redis.TimeoutError("no answer while waiting for a job")
        won = [(line, line.answer()) for line in lines if line in ready]
        others = [line for line in lines if line not in ready]
        if others:  # in one trip; what one of them brings after all is ours too
            pipeline = self._connection.pipeline(transaction=False)
            for line in others:
                pipeline.client_unblock(line.client)
            pipeline.execute()
            won += [(line, line.answer()) for line in others]
        brought = {line.queue: job_id for line, job_id in won if job_id is not None}
        return self._keep_first([(line.queue, brought[line.queue]) for line in lines if line.queue in brought])

    def _keep_first(self, brought: list[tuple[str, bytes]]) -> Popped | None:
        for queue, job_id in brought[1:]:
            self.put_back(queue, job_id)
        return self._read(*brought[0]) if brought else None

    def _read(self, queue: str, job_id: bytes) -> Popped | None:
        pipeline = self._connection.pipeline(transaction=False)
        pipeline.exists(f"{RQ_KEY_PREFIX}:suspended")
        pipeline.hgetall(f"{RQ_KEY_PREFIX}:job:".encode() + job_id)
        suspended, fields = pipeline.execute(raise_on_error=False)
        for answer in (suspended, fields):
            if isinstance(answer, Exception) and "WRONGTYPE" not in str(answer):
                raise answer
        if suspended or fields == {}:
            self.put_back(queue, job_id)  # one whose hash is gone is dropped by this
            return None
        return Popped(queue, job_id, fields if isinstance(fields, dict) else None)

    def _note_broken(self, queues: list[bytes]) -> None:
        until = time.monotonic() + BROKEN_QUEUE
        for name in (queue.decode() for queue in queues):
            if name not in self._broken:
                log.error("queue %s is not a list in Redis: nothing is taken from it until that key is repaired", name)
            self._broken[name] = until
        if not queues:
            self._broken.clear()

    def _let_go(self) -> None:
        for line in self._lines.values():
            line.close()
        self._lines.clear()


class Line:
    """One connection on which Redis is asked to move the next job of one queue, when there is one."""

    def __init__(self, connection: redis.Redis, queue: str) -> None:
        self.queue = queue
        self._pool = connection.connection_pool
        self._wait = LED_WAIT if isinstance(self._pool, SentinelConnectionPool) else WAIT
        self._connection: Any = None
        self.client = 0

    def ask(self) -> None:
        before = self._connection and self._connection._sock
        if self._connection is None:
            self._connection = self._pool.get_connection()
        self._connection.connect()  # anew, if Redis is elsewhere by now
        if self._connection._sock is not before:
            self._connection.send_command("CLIENT", "ID")
            self.client = self._connection.read_response()
        key = f"{RQ_KEY_PREFIX}:queue:{self.queue}"
        self._connection.send_command("BLMOVE", key, f"{key}:intermediate", "LEFT", "RIGHT", self._wait)

    def fileno(self) -> int:
        """For select: redis-py offers no way to wait for one of several connections."""
        return int(self._connection._sock.fileno())

    def answer(self) -> bytes | None:
        found: bytes | None = self._connection.read_response()
        return found

    def close(self) -> None:
        if self._connection is not None:
            self._connection.disconnect()
            self._pool.release(self._connection)
            self._connection = None
