"""Settings of the connection in redis-py's words."""

from __future__ import annotations

from typing import Any

from rqclock.connection.sentinels import PATIENCE, Led, LedEncrypted
from rqclock.settings import Settings


def shared_options(settings: Settings, role: str) -> dict[str, Any]:
    """What holds for every connection of ours: how long it may take to come about, its name, and the protocol.

    Version 2 has no HELLO in it, which proxies and some providers refuse.
    """
    patience = {"socket_connect_timeout": settings.redis_connect_timeout}
    return patience | {"client_name": f"rqclock-{role}", "protocol": 2}


def server_options(settings: Settings) -> dict[str, Any]:
    """What a server that Sentinel names wants to know of us, in redis-py's words."""
    where = settings.redis
    person = {"db": where.database, "username": where.username, "password": where.password}
    return person | {"connection_class": LedEncrypted if where.tls else Led} | tls_options(settings)


def sentinel_options(settings: Settings) -> dict[str, Any]:
    """What the Sentinels themselves want to know of us."""
    person = {"username": settings.sentinel_username or None, "password": settings.sentinel_password or None}
    patience = {"socket_connect_timeout": PATIENCE, "socket_timeout": PATIENCE}
    return person | patience | {"ssl": settings.redis.tls} | tls_options(settings)


def tls_options(settings: Settings) -> dict[str, Any]:
    """How Redis's certificate is verified, and ours shown; empty without TLS, or where nothing is set."""
    if not settings.redis.tls:
        return {}
    files = {
        "ssl_ca_certs": settings.redis_ca_file,
        "ssl_certfile": settings.redis_cert_file,
        "ssl_keyfile": settings.redis_key_file,
    }
    verified: dict[str, dict[str, Any]] = {
        "full": {},
        "chain": {"ssl_check_hostname": False},
        "none": {"ssl_check_hostname": False, "ssl_cert_reqs": "none"},
    }
    return {name: path for name, path in files.items() if path} | verified[settings.redis_verify]
