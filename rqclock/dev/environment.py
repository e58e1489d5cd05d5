"""The environment of the processes: the shell's own, without what could lead them to production."""

from __future__ import annotations

import ipaddress
import os
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from rqclock.dev.ports import LOOPBACK
from rqclock.errors import ConfigurationError

# A laptop with production's addresses exported must not become production's leader, nor mail its customers.
LEFT_OUT = (
    "REDIS_",
    "DATABASE_URL",
    "SMTP_URL",
    "RQ_CONFIG",
    "RQ_REDIS_",
    "RQ_SENTINEL_",
    "RQ_DASHBOARD_",
    "RQCLOCK_ALERT_",
    "RQCLOCK_PING_URL",
    "RQCLOCK_PROXIES",
    "RQCLOCK_PUBLIC_URL",
    "RQCLOCK_RELEASE",
    "RQCLOCK_SERVICE",
    "SENTRY_DSN",
    "WEB_CONCURRENCY",
)


@dataclass(frozen=True)
class Page:
    """Where the page is, and how its owner signs in."""

    port: int
    token: str
    secret_key: str

    @property
    def address(self) -> str:
        return f"http://{LOOPBACK}:{self.port}/"

    @property
    def sign_in(self) -> str:
        return f"{self.address}sign-in/dev?token={self.token}"


def environment(outer: Mapping[str, str], *, redis_url: str, database_url: str | None, page: Page) -> dict[str, str]:
    """The variables that every process gets."""
    kept = {name: value for name, value in outer.items() if not name.startswith(LEFT_OUT)}
    if database_url:
        kept["DATABASE_URL"] = database_url
    return kept | {
        "PATH": os.pathsep.join([sysconfig.get_path("scripts"), kept.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",  # lines come when they are written, not when 8 kB of them are there
        "REDIS_URL": redis_url,
        "RQCLOCK_DEVELOPMENT": "1",
        "RQCLOCK_ENVIRONMENT": "development",
        "RQCLOCK_SECRET_KEY": page.secret_key,
        "RQCLOCK_DEV_SIGN_IN": page.token,
        "PORT": str(page.port),
        "GUNICORN_CMD_ARGS": f"--bind {LOOPBACK}:{page.port}",  # PORT alone would have it listen on every address
    }


def on_loopback(command: str) -> str:
    """The command of a Procfile with `0.0.0.0`, which a container needs, replaced by this machine's own address."""
    return command.replace("0.0.0.0", LOOPBACK).replace("[::]", LOOPBACK)


def check_remote(redis_url: str, *, allowed: bool) -> None:
    """Raise ConfigurationError when the URL names another machine and nobody said that this is meant."""
    host = urlsplit(redis_url).hostname
    if host is None or allowed or _is_loopback(host):
        return
    raise ConfigurationError(
        f"--redis names another machine ({host}): this clock would lead and this worker run jobs there;"
        " add --yes-remote if that is what you want"
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
