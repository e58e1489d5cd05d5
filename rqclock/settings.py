"""The one table of settings, read from the environment: the same set for clock, worker and web."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from dataclasses import field as dataclass_field
from typing import Any
from urllib.parse import urlsplit

from rqclock.errors import ConfigurationError

REDIS_SCHEMES = ("redis", "rediss", "unix")


def _redis_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 (the property raises on a bad port)
    except ValueError:  # whose text may hold a part of the password
        raise ValueError("is not a URL; in a password write # as %23, / as %2F, ? as %3F, @ as %40") from None
    if parts.scheme not in REDIS_SCHEMES:
        raise ValueError("must begin with redis://, rediss:// or unix://")
    if parts.scheme != "unix" and not parts.hostname:
        raise ValueError("names no host: redis://HOST:6379/0")
    return text


def _key_prefix(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.:{}-]+", text):
        raise ValueError("may hold letters, digits and _ . : - { } only (RQ's own rule)")
    return text


def _lease(text: str) -> float:
    try:
        life = float(text)
    except ValueError:
        raise ValueError("is not a number of seconds") from None
    if not 0.5 <= life <= 60:
        raise ValueError("must be between 0.5 and 60 seconds")
    return life


def _number(least: float, most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            raise ValueError("is not a number") from None
        if not least <= number <= most:
            raise ValueError(f"must be between {least:g} and {most:g}")
        return number

    return read


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise ValueError(f"is not a whole number from {least} to {most}")
        return int(text)

    return read


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise ValueError("is not a port: 1 to 65535")
    return int(text)


def _proxies(text: str) -> int:
    if not text.isdecimal() or int(text) > 10:
        raise ValueError("is not how many proxies stand in front: 0 to 10")
    return int(text)


def _names(text: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    if not names:
        raise ValueError("names no queue: default,mail")
    return names


def _hours(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 24 * 7:
        raise ValueError("is not a number of hours: 1 to 168")
    return int(text)


def _issuer(text: str) -> str:
    """Over TLS: whoever can change what the provider says decides who is an admin. A provider on this machine may do
    without."""
    parts = urlsplit(text)
    if parts.scheme == "https" and parts.hostname:
        return text.rstrip("/")
    if parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1"):
        return text.rstrip("/")
    raise ValueError("must begin with https://")


def _yes_or_no(text: str) -> str:
    if text not in ("0", "1"):
        raise ValueError("is neither 1 nor 0")
    return text


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _log(text: str) -> str:
    if text not in ("json", "text"):
        raise ValueError("is neither json nor text")
    return text


def _modules(text: str) -> tuple[str, ...]:
    modules = tuple(part.strip() for part in text.split(",") if part.strip())
    wrong = [name for name in modules if name != "*" and not re.fullmatch(r"[\w.]+(\.\*)?", name)]
    if wrong:
        raise ValueError(f"holds {wrong[0]!r}, which is no module: app.tasks, or app.* for all below")
    return modules


def _setting(name: str, default: Any, about: str, *, read: Callable[[str], Any] = str, secret: bool = False) -> Any:
    about_it = {"name": name, "help": about, "read": read, "secret": secret}
    return dataclass_field(default=default, repr=not secret, metadata=about_it)


@dataclass(frozen=True)
class Settings:
    """The values in force. Field metadata: `name` (the variable), `help`, `read`, `secret`."""

    redis_url: str = _setting(
        "REDIS_URL",
        "redis://127.0.0.1:6379/0",
        "the Redis that holds queues and decisions",
        read=_redis_url,
        secret=True,
    )
    key_prefix: str = _setting("RQ_KEY_PREFIX", "rq", "prefix of every key, RQ's and ours", read=_key_prefix)
    file: str = _setting("RQCLOCK_FILE", "clock.py", "the clock file that commands read")
    lease: float = _setting(
        "RQCLOCK_LEASE", 2.0, "seconds without a beat after which a standby takes over", read=_lease
    )
    queues: tuple[str, ...] = _setting(
        "RQCLOCK_QUEUES", ("default",), "queues of `rq worker` where its line names none, first one first", read=_names
    )
    concurrency: int = _setting(
        "WORKER_CONCURRENCY", 1, "jobs that one rqclock.Worker runs side by side", read=_whole(1, 256)
    )
    grace: float = _setting(
        "RQCLOCK_GRACE", 25.0, "seconds that jobs have to end when their worker is stopped", read=_number(0, 86_400)
    )
    horse_jobs: int = _setting(
        "RQCLOCK_HORSE_JOBS", 10_000, "jobs after which a worker's process is replaced", read=_whole(1, 10**9)
    )
    horse_memory: int = _setting(
        "RQCLOCK_HORSE_MEMORY", 1024, "MiB above which it is replaced after its job; 0: no limit", read=_whole(0, 10**6)
    )
    horse_age: float = _setting(
        "RQCLOCK_HORSE_AGE", 3600.0, "seconds after which it is replaced", read=_number(1, 10**7)
    )
    setup: str = _setting(
        "RQCLOCK_SETUP", "", "function that sets the application up in clock and worker: app.setup, django.setup"
    )
    job_modules: tuple[str, ...] = _setting(
        "RQCLOCK_JOB_MODULES",
        (),
        "modules whose functions jobs may name, beside those of the timetable and of @job: app.tasks,app.jobs.*",
        read=_modules,
    )
    allow_pickle: str = _setting(
        "RQCLOCK_ALLOW_PICKLE", "", "1: workers run pickled jobs too, so whoever writes to Redis runs code in them"
    )
    log: str = _setting(
        "RQCLOCK_LOG", "", "json or text; unset: text at a terminal and under `rqclock dev`, else JSON", read=_log
    )
    sensitive: tuple[str, ...] = _setting(
        "RQCLOCK_SENSITIVE", (), "names of arguments that no log or page shows, of any job: email,phone", read=_names
    )
    health_port: int = _setting("HEALTH_PORT", 0, "port of the clock's /livez, /readyz and /metrics", read=_port)
    health_host: str = _setting("HEALTH_HOST", "0.0.0.0", "address of that port")
    service: str = _setting("RQCLOCK_SERVICE", "", "name of the service, shown on every page and log line")
    environment: str = _setting("RQCLOCK_ENVIRONMENT", "", "production, qa, …: shown on every page and log line")
    release: str = _setting("RQCLOCK_RELEASE", "", "what is deployed: shown on every page and log line")
    secret_key: str = _setting("RQCLOCK_SECRET_KEY", "", "signs the sessions of the web process", secret=True)
    proxies: int = _setting(
        "RQCLOCK_PROXIES", 0, "how many trusted proxies stand in front of the web process", read=_proxies
    )
    session_hours: int = _setting(
        "RQCLOCK_SESSION_HOURS", 8, "hours from a sign-in until the next one, however busy the session", read=_hours
    )
    oidc_issuer: str = _setting(
        "RQCLOCK_OIDC_ISSUER", "", "OpenID Connect: the provider's issuer address, such as https://login.…/v2.0",
        read=_issuer,
    )  # fmt: skip
    oidc_client_id: str = _setting("RQCLOCK_OIDC_CLIENT_ID", "", "OpenID Connect: our client id there")
    oidc_client_secret: str = _setting("RQCLOCK_OIDC_CLIENT_SECRET", "", "OpenID Connect: its secret", secret=True)
    oidc_scope: str = _setting("RQCLOCK_OIDC_SCOPE", "openid email profile", "OpenID Connect: what is asked for")
    roles_claim: str = _setting(
        "RQCLOCK_ROLES_CLAIM",
        "roles",
        "the claim that holds a person's roles or groups; dots go inside: realm_access.roles",
    )
    viewers: tuple[str, ...] = _setting(
        "RQCLOCK_VIEWERS", (), "e-mail addresses, or values of that claim, that may look", read=_list
    )
    support: tuple[str, ...] = _setting(
        "RQCLOCK_SUPPORT", (), "likewise: that may run, pause, resume and queue again", read=_list
    )
    admins: tuple[str, ...] = _setting("RQCLOCK_ADMINS", (), "likewise: that may do everything", read=_list)
    role_for: str = _setting(
        "RQCLOCK_ROLE_FOR", "", "dotted path of a function that says a user's role, in place of those lists"
    )
    local_accounts: str = _setting(
        "RQCLOCK_LOCAL_ACCOUNTS", "", "1: accounts of `rqclock user` may sign in; 0: not (default: not in production)",
        read=_yes_or_no,
    )  # fmt: skip
    dev_sign_in: str = _setting(
        "RQCLOCK_DEV_SIGN_IN", "", "set by `rqclock dev` alone: the one-time token of its sign-in link", secret=True
    )

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """The settings of `environ`.

        Raises ConfigurationError with one line for every variable that cannot be used.
        """
        values: dict[str, Any] = {}
        problems = []
        for setting in fields(cls):
            text = environ.get(setting.metadata["name"], "")
            if not text:
                continue
            try:
                values[setting.name] = setting.metadata["read"](text)
            except ValueError as error:
                shown = "" if setting.metadata["secret"] else f" {text!r}"
                problems.append(f"{setting.metadata['name']}{shown} {error}")
        if problems:
            raise ConfigurationError("\n".join(problems))
        return cls(**values)
