"""A PostgreSQL server of the tests' own, on a socket in a folder of its own: no port, nothing of the system's."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.conftest import find_program


class Postgres:
    """Started at once; `restart` closes every connection, as an upgrade or a failover does."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        owner: list[str] = []
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(self.folder, "postgres")
            owner = ["setpriv", f"--reuid={pwd.getpwnam('postgres').pw_uid}", "--clear-groups"]
        self._control = [*owner, str(find_program("pg_ctl")), "-D", str(self.folder / "data"), "-s", "-w"]
        self._run("initdb", "-o", "-U clock -A trust -E UTF8 --locale=C")
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off"
        self._run("start", "-o", options, "-l", str(self.folder / "log"))

    def restart(self) -> None:
        self._run("restart", "-m", "fast", "-l", str(self.folder / "log"))

    def stop(self) -> None:
        self._run("stop", "-m", "immediate")
        shutil.rmtree(self.folder)

    def _run(self, command: str, *arguments: str) -> None:
        subprocess.run([*self._control, command, *arguments], check=True, cwd=self.folder, stdout=subprocess.DEVNULL)
