"""Runs a command of the image as a container runtime would: as process 1, not as root, on files it cannot change."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.proof.image.building import Image
from deploy.proof.image.report import Failed, until

PAUSE = 0.5  # seconds until a process that ended is started again
# In namespaces of its own: host name, processes, and mounts, which vanish with the last of its processes.
SPACES = ("--mount", "--pid", "--uts", "--ipc")
ENTER = """
root=$1 data=$2 temporary=$3 name=$4
shift 4
echo "$name" > /proc/sys/kernel/hostname
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount --bind "$temporary" "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for node in null zero full random urandom; do
    : > "$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir "$root/dev/shm"
mount -t tmpfs -o mode=1777,size=64m tmpfs "$root/dev/shm"
mount --bind "$data" "$root/app/var"
exec "$@"
"""


@dataclass(frozen=True)
class Host:
    """What all containers of a proof share."""

    image: Image
    data: Path
    logs: Path
    env: Mapping[str, str]

    def temporary(self, name: str) -> Path:
        """A container's /tmp, which outlives its process: what kill -9 leaves there, the next life finds."""
        folder = self.data.parent / f"tmp-{name}"
        folder.mkdir(exist_ok=True)
        folder.chmod(0o1777)
        return folder

    def inside(self, command: Sequence[str], env: Mapping[str, str]) -> list[str]:
        """The command as the image's user, in its folder, with its variables and no rights of root."""
        config = self.image.config
        user, _, group = str(config["User"]).partition(":")
        variables = [*config["Env"], *(f"{name}={value}" for name, value in {**self.env, **env}.items())]
        rights = ["--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]
        return [
            *("chroot", str(self.image.root), "/usr/bin/setpriv", "--reuid", user, "--regid", group, *rights),
            *("/usr/bin/env", "--ignore-environment", f"--chdir={config['WorkingDir']}", *variables, *command),
        ]


@dataclass
class Container:
    """One life of a process in namespaces of its own."""

    host: Host
    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> Container:
        inside = self.host.inside(self.command, self.env)
        temporary = self.host.temporary(self.name)
        enter = ["sh", "-euc", ENTER, "sh", str(self.host.image.root), str(self.host.data), str(temporary), self.name]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                ["unshare", *SPACES, "--fork", "--kill-child=KILL", *enter, *inside],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return self

    @property
    def log(self) -> Path:
        return self.host.logs / f"{self.name}.log"

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def pid(self) -> int:
        """What its process 1 is called out here."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return int(until(lambda: children.read_text().split(), what=f"process 1 of {self.name}", seconds=10)[0])

    def signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid(), number)

    def wait(self, seconds: float | None = None) -> int:
        """Its exit code; after kill -9 it is not 0, but unshare says no more than that."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} still runs after {seconds} s") from None

    def execute(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Another process inside, such as a probe."""
        enter = ["nsenter", "--target", str(self.pid()), "--mount", "--pid", "--uts", "--ipc"]
        inside = self.host.inside(command, self.env)
        return subprocess.run([*enter, *inside], capture_output=True, text=True, timeout=60)

    def children(self) -> dict[int, str]:
        """The processes below process 1, the dead ones too: their ids out here, and their names."""
        found = {}
        for child in Path(f"/proc/{self.pid()}/task/{self.pid()}/children").read_text().split():
            with suppress(FileNotFoundError):
                found[int(child)] = Path(f"/proc/{child}/comm").read_text().strip()
        return found

    def lines(self) -> list[dict[str, Any]]:
        """What it has written, in all its lives. Raises Failed at a line that is no JSON object."""
        found = []
        for line in self.log.read_text(errors="replace").splitlines(keepends=True):
            # unshare's own words when what it started is killed; and a line that is being written.
            if line.endswith("\n") and not line.startswith("unshare: "):
                found.append(_parsed(line, self.name))
        return found


class Supervisor:
    """Starts a container again whenever it ends, as `restart: always` does, until told to stop it."""

    def __init__(self, container: Container) -> None:
        self.container = container.start()
        self.ends: list[int] = []
        self._stopping = False
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        return self.container.name

    def kill(self) -> None:
        """kill -9 of process 1, and return when it has been started again."""
        before = len(self.ends)
        self.container.signal(signal.SIGKILL)
        until(lambda: len(self.ends) > before and self.container.running, what=f"{self.name} to be back", seconds=10)

    def stop(self, grace: float) -> float:
        """SIGTERM; the seconds that it took. Raises Failed unless it ends with 0 within its grace."""
        self._stopping = True
        began = time.monotonic()
        self.container.signal(signal.SIGTERM)
        code = self.container.wait(grace)
        if code:
            raise Failed(f"{self.name} ended with {code} on SIGTERM")
        return time.monotonic() - began

    def _watch(self) -> None:
        while True:
            self.ends.append(self.container.wait())
            if self._stopping:
                return
            time.sleep(PAUSE)
            self.container.start()


def _parsed(line: str, name: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Failed(f"{name} wrote a line that is no JSON object: {line.strip()}")
    return found
