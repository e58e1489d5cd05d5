"""Servers that speak TLS, with certificates of the tests' own authority."""

from __future__ import annotations

from pathlib import Path

from tests.support.certificates import Authority
from tests.support.lab import Lab
from tests.support.ports import any_free

HOST = "127.0.0.1"


def tls_port(lab: Lab, authority: Authority, pair: tuple[Path, Path] | None = None, *, clients: str = "no") -> int:
    """The TLS port of a server with that certificate and key; `clients`: whether it wants certificates of theirs."""
    pem, key = pair or authority.certificate(HOST)
    port = any_free()
    options = {
        "tls-port": port, "tls-cert-file": pem, "tls-key-file": key, "tls-ca-cert-file": authority.file,
        "tls-auth-clients": clients,
    }  # fmt: skip
    words = tuple(part for name, value in options.items() for part in (f"--{name}", str(value)))
    lab.server(program="redis-server", arguments=words)
    return port
