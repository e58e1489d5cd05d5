"""The folder `var/`: all that `rqclock dev` writes."""

from __future__ import annotations

import fcntl
import os
import secrets
import shlex
import shutil
import sysconfig
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rqclock.dev import ports
from rqclock.errors import ConfigurationError

EXPORTS = "var/env"
PATIENCE = 3.0  # seconds; after a kill -9 of the runner, its guards need some milliseconds to end the rest


class Workspace:
    """What is kept of a project's development between two starts."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.folder = project / "var"
        self._lock_file = self.folder / "dev.lock"

    @contextmanager
    def locked(self) -> Iterator[int]:
        """Keep a second runner out of this folder; the open lock file, for the server to hold as well.

        Raises ConfigurationError when one is running, or the folder cannot be written to.
        """
        try:
            self.folder.mkdir(exist_ok=True)
            lock = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ConfigurationError(f"{self.folder} cannot be written to: {error.strerror}") from None
        try:
            self._wait_for(lock)
            os.truncate(lock, 0)
            os.write(lock, str(os.getpid()).encode())
            yield lock
        finally:
            os.close(lock)

    def _wait_for(self, lock: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > deadline:
                    holder = os.read(lock, 20).decode() or "unknown"
                    raise ConfigurationError(
                        f"it runs in this folder already (process {holder}): stop that one first"
                    ) from None
            time.sleep(0.05)

    def reset(self) -> None:
        """Empty the folder, of all but the lock that we hold."""
        for path in self.folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path != self._lock_file:
                path.unlink()

    def secret_key(self) -> str:
        """The key that signs sessions: kept, so that people stay signed in over a restart."""
        path = self.folder / "secret_key"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(32))
        return path.read_text()

    @property
    def redis(self) -> Path:
        """The server's folder, made when it is missing."""
        folder = self.folder / "redis"
        folder.mkdir(exist_ok=True)
        return folder

    def redis_port(self) -> int:
        """The port of last time if it is free, so that what another terminal exported stays right."""
        path = self.folder / "redis.port"
        last = path.read_text() if path.exists() else ""
        port = int(last) if last.isdigit() and ports.is_free(int(last)) else ports.any_free()
        path.write_text(str(port))
        return port

    def write_exports(self, variables: Mapping[str, str]) -> None:
        """A file for other terminals to read in: the variables, and the folder of the commands first on PATH."""
        lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
        lines.append(f"PATH={shlex.quote(sysconfig.get_path('scripts'))}:$PATH")
        (self.project / EXPORTS).write_text("\n".join(lines) + "\n")

    @property
    def has_sample(self) -> bool:
        """Whether the project has a database to fill: the sample application, or one that kept its seed module."""
        return (self.project / "services" / "seed.py").is_file()

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.folder / 'sample.db'}"

    @property
    def seeded(self) -> Path:
        """There when the database was made and filled to the end."""
        return self.folder / "seeded"
