"""A real Valkey server of the tests' own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from rqclock.dev.embedded import LOG, answers, server_command
from rqclock.dev.guard import die_with
from tests.support.ports import any_free
from tests.support.waiting import until


class Server:
    """A server on a port of 127.0.0.1 with its files in `folder`; it dies with pytest, kill -9 included.

    `append_only`: what was written survives `kill` and a second `start`, which uses the same port. `program`: another
    server than the embedded one, such as "redis-server". `environment` is added to that of pytest.
    """

    def __init__(
        self,
        folder: Path,
        *,
        append_only: bool = False,
        arguments: tuple[str, ...] = (),
        program: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.port = any_free()
        self._append_only = append_only
        self._arguments = arguments
        self._program = program
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        assert self._process, "the server was not started"
        return self._process.pid

    def start(self) -> Server:
        """Start it and wait until it answers. Fails, never skips, when it does not."""
        self.folder.mkdir(parents=True, exist_ok=True)
        me = os.getpid()
        program, *options = server_command(self.folder, port=self.port, append_only=self._append_only)
        if self._program:
            program = shutil.which(self._program) or self._program
        self._process = subprocess.Popen(
            [program, *options, *self._arguments],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: die_with(me),
        )
        until(self._up, what=f"the embedded Valkey server on port {self.port}")
        return self

    def _up(self) -> bool:
        assert self._process
        if self._process.poll() is not None:
            log = (self.folder / LOG).read_text(errors="replace")
            raise AssertionError(f"the embedded Valkey server ended with {self._process.returncode}:\n{log}")
        return answers(self.port)

    def client(self) -> redis.Redis:
        """A new connection: bytes, no retries."""
        return redis.Redis.from_url(self.url, retry=Retry(NoBackoff(), 0), protocol=2)

    def kill(self) -> None:
        """kill -9: what the append-only file had not got is lost."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(number)
            self._process.wait(60)
