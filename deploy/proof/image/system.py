"""The running system: a Redis, containers of the one image, and what can be seen of them from outside."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import socket
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.request import HTTPCookieProcessor, build_opener

from deploy.proof.image import machine
from deploy.proof.image.building import Image
from deploy.proof.image.container import Container, Host
from deploy.proof.image.report import Failed, until

FREQUENT = {"RQCLOCK_DEVELOPMENT": "1", "RQCLOCK_LOG": "json"}  # clock.py then has a line for every five seconds
HEARTBEAT = "development: heartbeat"


class System:
    """Containers of an image that share a Redis, a data folder and one set of variables; files are in `folder`."""

    def __init__(self, image: Image, folder: Path) -> None:
        self._image = image
        self._logs, data = folder / "logs", folder / "data"
        self.port, self.redis_port = _free_port(), _free_port()
        self.token = secrets.token_hex(16)
        for path in (self._logs, data):
            path.mkdir()
        user, _, group = str(image.config["User"]).partition(":")
        os.chown(data, int(user), int(group))
        self._host = Host(image, data, self._logs, self._environment())

    def container(self, name: str, command: Sequence[str]) -> Container:
        return Container(self._host, name, command)

    def clock(self, name: str) -> Container:
        """The image's own command, with schedules that are due often."""
        return Container(self._host, name, self._image.config["Cmd"], FREQUENT)

    def web(self) -> Container:
        return self.container("web", shlex.split(self.line("web")))

    def line(self, name: str) -> str:
        """The command of that process, as the image's own Procfile has it."""
        lines = (self._image.root / "app" / "Procfile").read_text().splitlines()
        return next(line.removeprefix(f"{name}:").strip() for line in lines if line.startswith(f"{name}:"))

    def start_redis(self) -> str:
        """Its program."""
        program = machine.redis_server()
        assert program, "machine.lacks() has looked for it"
        options = {"port": str(self.redis_port), "bind": "127.0.0.1", "save": "", "dir": str(self._logs)}
        options |= {"maxmemory-policy": "noeviction", "logfile": str(self._logs / "redis.log")}
        subprocess.Popen([program, *(part for name, value in options.items() for part in (f"--{name}", value))])
        until(lambda: _answers(self.redis_port), what=program, seconds=20)
        return Path(program).name

    def page(self, path: str) -> str:
        """What the console answers; cookies are kept over redirections. Raises OSError when it does not."""
        opener = build_opener(HTTPCookieProcessor(CookieJar()))
        with opener.open(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return str(answer.read().decode())

    def lives(self) -> bool:
        """Whether the web process answers."""
        with suppress(OSError):
            return self.page("/livez") == "ok\n"
        return False

    def _environment(self) -> dict[str, str]:
        """What compose and Kubernetes give to every process."""
        return {
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            "DATABASE_URL": "sqlite:////app/var/sample.db",
            "PORT": str(self.port),
            "RQCLOCK_SERVICE": "proof",
            "RQCLOCK_SECRET_KEY": secrets.token_hex(16),
            "RQCLOCK_DEV_SIGN_IN": self.token,
        }


def status(asked: Container) -> dict[str, Any]:
    """`rqclock status --json`, asked inside of a container; empty while no clock leads, or it cannot tell."""
    with suppress(Failed, OSError, ValueError):
        answer = json.loads(asked.execute("rqclock", "status", "--json").stdout)
        return dict(answer) if answer["leader"] else {}
    return {}


def leader(asked: Container) -> str:
    """The host name of the clock that leads."""
    facts = status(asked)
    return str(facts["leader"]["host"]) if facts else ""


def standbys(asked: Container) -> list[str]:
    return [standby["host"] for standby in status(asked).get("standbys", [])]


def alive(clock: Container) -> str:
    """What `rqclock alive` says inside, once it ends with 0."""

    def look() -> str:
        done = clock.execute("rqclock", "alive")
        return done.stdout.strip() if done.returncode == 0 else ""

    return until(look, what="`rqclock alive` to end with 0")


def next_job(worker: Container) -> dict[str, Any]:
    """The line of the next job that ends well; then clock, Redis, worker and database have done their parts."""

    def ended() -> list[dict[str, Any]]:
        lines = [line for line in worker.lines() if line.get("schedule") == HEARTBEAT and "duration" in line]
        return [line for line in lines if "ended" in line["message"]]

    before = len(ended())
    return until(lambda: ended()[before:], what="a job that the clock queued to end")[-1]


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.sendall(b"PING\r\n")
        return connection.recv(16).startswith(b"+PONG")
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
