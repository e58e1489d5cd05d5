"""Ports of 127.0.0.1, the only address that `rqclock dev` listens on."""

from __future__ import annotations

import socket

from rqclock.errors import ConfigurationError

LOOPBACK = "127.0.0.1"
TRIED = 50


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: an ended one's rest is no obstacle
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def is_answered(port: int) -> bool:
    """Whether somebody takes connections there."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True


def any_free() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def wanted(port: int, option: str) -> int:
    """`port`, which somebody asked for. Raises ConfigurationError when it is in use."""
    if not is_free(port):
        raise ConfigurationError(f"port {port} is in use: stop what listens there, or choose another with {option}")
    return port


def next_free(port: int) -> int:
    """`port`, or the first free one after it."""
    free = next((one for one in range(port, port + TRIED) if is_free(one)), None)
    return free or any_free()
