"""The table: every variable with its type, default and meaning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from rqclock.errors import ConfigurationError, did_you_mean
from rqclock.settings import types
from rqclock.settings.mounted import text_of
from rqclock.settings.redis_address import RedisAddress
from rqclock.settings.types import Type

SERVICE_LINK = re.compile(r"RQCLOCK_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)")
INTERNAL = {"RQCLOCK_DEVELOPMENT", "RQCLOCK_ALIVE_DIR"}  # said by `rqclock dev`, and by the systemd unit


def _setting(name: str, kind: Type, default: Any, about: str, *, secret: bool = False) -> Any:
    metadata = {"name": name, "type": kind, "help": about, "secret": secret}
    return field(default=default, repr=not secret, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """The values in force. Field metadata: `name` (the variable), `type`, `help`, `secret`."""

    # fmt: off
    redis_url: str = _setting("REDIS_URL", types.REDIS_URL, "redis://127.0.0.1:6379/0",
        "the Redis that holds queues and decisions; with Sentinel redis+sentinel://HOST,HOST2/SERVICE/0", secret=True)
    redis_ca_file: str = _setting("REDIS_CA_FILE", types.FILE, "",
        "certificates of who signed that of Redis (PEM); unset: the system's")
    redis_verify: str = _setting("REDIS_VERIFY", types.one_of("full", "chain", "none"), "full",
        "what is verified of Redis's certificate: signer and host name, the signer alone, nothing")
    redis_cert_file: str = _setting("REDIS_CERT_FILE", types.FILE, "",
        "our own certificate, where Redis wants one (PEM)")
    redis_key_file: str = _setting("REDIS_KEY_FILE", types.FILE, "", "the key of that certificate (PEM)")
    sentinel_username: str = _setting("REDIS_SENTINEL_USERNAME", types.TEXT, "",
        "user name for the Sentinels themselves")
    sentinel_password: str = _setting("REDIS_SENTINEL_PASSWORD", types.TEXT, "",
        "password for the Sentinels themselves", secret=True)
    redis_connect_timeout: float = _setting("REDIS_CONNECT_TIMEOUT", types.seconds(0.1, 60), 3.0,
        "seconds to wait for a connection to Redis, in every process")
    redis_timeout: float = _setting("REDIS_TIMEOUT", types.seconds(0.1, 60), 5.0,
        "seconds to wait for an answer of Redis; clock and workers have their own limits, see docs/redis.md")
    key_prefix: str = _setting("RQ_KEY_PREFIX", types.KEY_PREFIX, "rq", "prefix of every key, RQ's and ours")

    service: str = _setting("RQCLOCK_SERVICE", types.TEXT, "",
        "name of the service, shown on every page and log line")
    environment: str = _setting("RQCLOCK_ENVIRONMENT", types.TEXT, "",
        "production, qa, …: shown on every page and log line")
    release: str = _setting("RQCLOCK_RELEASE", types.TEXT, "", "what is deployed: shown on every page and log line")
    log: str = _setting("RQCLOCK_LOG", types.one_of("json", "text"), "",
        "how log lines look; unset: text at a terminal and under `rqclock dev`, else JSON")
    sensitive: tuple[str, ...] = _setting("RQCLOCK_SENSITIVE", types.NAMES, (),
        "names of arguments that no log or page shows, of any job: email,phone")
    setup: str = _setting("RQCLOCK_SETUP", types.TEXT, "",
        "function that sets the application up in clock and worker: app.setup, django.setup")
    sentry_dsn: str = _setting("SENTRY_DSN", types.WEB_URL, "",
        "Sentry's address of this project; needs rqclock[sentry]", secret=True)

    file: str = _setting("RQCLOCK_FILE", types.PATH, "clock.py", "the clock file that commands read")
    lease: float = _setting("RQCLOCK_LEASE", types.seconds(0.5, 60), 2.0,
        "seconds without a beat after which a standby takes over")
    health_port: int = _setting("HEALTH_PORT", types.PORT, 0, "port of the clock's /livez, /readyz and /metrics")
    health_host: str = _setting("HEALTH_HOST", types.TEXT, "0.0.0.0", "address of that port")

    queues: tuple[str, ...] = _setting("RQCLOCK_QUEUES", types.NAMES, ("default",),
        "queues of `rq worker` where its line names none, first one first")
    concurrency: int = _setting("WORKER_CONCURRENCY", types.whole(1, 256), 1,
        "jobs that one rqclock.Worker runs side by side")
    grace: float = _setting("RQCLOCK_GRACE", types.seconds(0, 86_400), 25.0,
        "seconds that jobs have to end when their worker is stopped")
    horse_jobs: int = _setting("RQCLOCK_HORSE_JOBS", types.whole(1, 10**9), 10_000,
        "jobs after which a worker's process is replaced")
    horse_memory: int = _setting("RQCLOCK_HORSE_MEMORY", types.whole(0, 10**6), 1024,
        "MiB above which a worker's process is replaced after its job; 0: no limit")
    horse_age: float = _setting("RQCLOCK_HORSE_AGE", types.seconds(1, 10**7), 3600.0,
        "seconds after which a worker's process is replaced")
    job_modules: tuple[str, ...] = _setting("RQCLOCK_JOB_MODULES", types.MODULES, (),
        "modules whose functions jobs may name, beside those of the timetable and of @job: app.tasks,app.jobs.*")
    allow_pickle: str = _setting("RQCLOCK_ALLOW_PICKLE", types.ON, "",
        "1: workers run pickled jobs too, so whoever writes to Redis runs code in them")

    secret_key: str = _setting("RQCLOCK_SECRET_KEY", types.TEXT, "",
        "signs the sessions of the web process", secret=True)
    public_url: str = _setting("RQCLOCK_PUBLIC_URL", types.WEB_URL, "",
        "address of the web process as people reach it, for links in alerts")
    proxies: int = _setting("RQCLOCK_PROXIES", types.whole(0, 10, of="how many proxies stand in front"), 0,
        "how many trusted proxies stand in front of the web process")
    metrics_token: str = _setting("RQCLOCK_METRICS_TOKEN", types.TEXT, "",
        "bearer token that Prometheus shows at /metrics of the web process; unset: no /metrics there", secret=True)
    session_hours: int = _setting("RQCLOCK_SESSION_HOURS", types.whole(1, 168, of="a number of hours"), 8,
        "hours from a sign-in until the next one, however busy the session")
    oidc_issuer: str = _setting("RQCLOCK_OIDC_ISSUER", types.ISSUER, "",
        "OpenID Connect: the provider's issuer address, such as https://login.…/v2.0")
    oidc_client_id: str = _setting("RQCLOCK_OIDC_CLIENT_ID", types.TEXT, "", "OpenID Connect: our client id there")
    oidc_client_secret: str = _setting("RQCLOCK_OIDC_CLIENT_SECRET", types.TEXT, "",
        "OpenID Connect: its secret", secret=True)
    oidc_scope: str = _setting("RQCLOCK_OIDC_SCOPE", types.TEXT, "openid email profile",
        "OpenID Connect: what is asked for")
    roles_claim: str = _setting("RQCLOCK_ROLES_CLAIM", types.TEXT, "roles",
        "the claim that holds a person's roles or groups; dots go inside: realm_access.roles")
    viewers: tuple[str, ...] = _setting("RQCLOCK_VIEWERS", types.VALUES, (),
        "e-mail addresses, or values of that claim, that may look")
    support: tuple[str, ...] = _setting("RQCLOCK_SUPPORT", types.VALUES, (),
        "e-mail addresses, or values of that claim, that may run, pause, resume and queue again")
    admins: tuple[str, ...] = _setting("RQCLOCK_ADMINS", types.VALUES, (),
        "e-mail addresses, or values of that claim, that may do everything")
    role_for: str = _setting("RQCLOCK_ROLE_FOR", types.TEXT, "",
        "dotted path of a function that says a user's role, in place of those lists")
    local_accounts: str = _setting("RQCLOCK_LOCAL_ACCOUNTS", types.ON, "",
        "1: accounts of `rqclock user` may sign in; 0: not (default: not in production)")
    dev_sign_in: str = _setting("RQCLOCK_DEV_SIGN_IN", types.TEXT, "",
        "one-time token of /sign-in/dev?token=…, which signs an admin in; `rqclock dev` makes one; not in production",
        secret=True)

    silent_after: float = _setting("RQCLOCK_SILENT_AFTER", types.seconds(5, 86_400), 30.0,
        "seconds without a beat of any clock after which an alert says so")
    alert_webhook: str = _setting("RQCLOCK_ALERT_WEBHOOK", types.WEB_URL, "",
        "address that gets each alert as JSON, as chat tools take it", secret=True)
    alert_secret: str = _setting("RQCLOCK_ALERT_SECRET", types.TEXT, "", "signs what goes to that address", secret=True)
    alert_email: tuple[str, ...] = _setting("RQCLOCK_ALERT_EMAIL", types.MAIL_ADDRESSES, (),
        "e-mail addresses that get each alert; needs SMTP_URL")
    alert_from: str = _setting("RQCLOCK_ALERT_FROM", types.MAIL_ADDRESS, "", "sender of those e-mails")
    smtp_url: str = _setting("SMTP_URL", types.SMTP_URL, "",
        "mail server: smtp://NAME:PASSWORD@HOST:587 or smtps://HOST:465", secret=True)
    ping_url: str = _setting("RQCLOCK_PING_URL", types.PING_URL, "",
        "called at each run's start (/start), success and failure (/fail): https://hc-ping.com/KEY/{schedule}",
        secret=True)
    # fmt: on

    @property
    def redis(self) -> RedisAddress:
        return RedisAddress.of(self.redis_url)

    @property
    def silence(self) -> float:
        """Seconds without a beat after which a Clock counts as silent: with a long lease its beats are far apart."""
        return max(self.silent_after, 2 * self.lease)

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """The settings of `environ`; a secret NAME may also stand in a file that NAME_FILE names.

        Raises ConfigurationError with one line for every variable that cannot be used.
        """
        values: dict[str, Any] = {}
        problems: list[str] = []
        for setting in fields(cls):
            name, secret = setting.metadata["name"], setting.metadata["secret"]
            text = ""
            try:
                text = text_of(environ, name, secret=secret)
                if text:
                    values[setting.name] = setting.metadata["type"].read(text)
            except ValueError as error:
                problems.append(f"{name}{'' if secret or not text else f' {text!r}'} {error}")
        if problems:
            raise ConfigurationError("\n".join(problems))
        return cls(**values)


def unknown(environ: Mapping[str, str]) -> list[str]:
    """A line for each variable that looks like one of ours and is none: a setting with a typing error has no effect."""
    known = {setting.metadata["name"] for setting in fields(Settings)}
    known |= {f"{setting.metadata['name']}_FILE" for setting in fields(Settings) if setting.metadata["secret"]}
    strange = (name for name in sorted(environ) if name.startswith("RQCLOCK_") and name not in known | INTERNAL)
    return [f"{name} is no setting{did_you_mean(name, known)}" for name in strange if not _of_kubernetes(name, environ)]


def _of_kubernetes(name: str, environ: Mapping[str, str]) -> bool:
    """Whether Kubernetes has set it, as it does in every container for a Service called rqclock, or rqclock-…"""
    return SERVICE_LINK.fullmatch(name) is not None or (name.endswith("_PORT") and "://" in environ[name])
