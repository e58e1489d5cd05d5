"""The web process's own settings: could it start with them, and could a person sign in?

A deployment may do without it; so where nothing says that there is one, nothing is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from urllib.parse import urlsplit

import redis

from rqclock.accounts import Accounts
from rqclock.doctor.check import Check, failure, ok, unknown, warning
from rqclock.settings import Settings
from rqclock.settings.environments import dev_sign_in_forbidden, local_accounts_open

WEB, SIGN_IN, ACCOUNTS, LINKS, METRICS = "web", "sign-in", "accounts", "alert links", "web metrics"
# What stands in our own examples, and what people write who mean to change it later.
SAMPLES = {"for-this-laptop-only", "replace-me", "change-me", "changeme", "secret", "secret-key", "secret_key"}
SHORTEST = 22  # characters: so many have 128 random bits in base64
NEW_KEY = "openssl rand -hex 32"
OPENID = ("RQCLOCK_OIDC_ISSUER", "RQCLOCK_OIDC_CLIENT_ID")
LOCAL = "with local accounts"
READ = {
    "RQCLOCK_SECRET_KEY", *OPENID, "RQCLOCK_LOCAL_ACCOUNTS", "RQCLOCK_ROLE_FOR", "RQCLOCK_PUBLIC_URL",
    "RQCLOCK_METRICS_TOKEN",
}  # fmt: skip


def judge(settings: Settings, broken: tuple[str, ...] = ()) -> Iterator[Check]:
    """What the settings alone tell. `broken` are variables that cannot be read, which is told elsewhere."""
    if READ & set(broken):
        yield unknown(WEB, "its settings were not looked at", remedy="set the variables above right first")
        return
    if settings.secret_key:
        yield _secret_key(settings.secret_key)
        yield from _sign_in(settings)
        yield _metrics(settings)
    else:
        yield _absent(settings)
    if settings.alert_webhook or settings.alert_email:
        yield _links(settings)


def _absent(settings: Settings) -> Check:
    """No web process can start; whether one is meant to, its other settings tell."""
    meant = {
        OPENID[0]: settings.oidc_issuer,
        OPENID[1]: settings.oidc_client_id,
        "RQCLOCK_ROLE_FOR": settings.role_for,
        "RQCLOCK_LOCAL_ACCOUNTS=1": settings.local_accounts == "1",
    }
    name = next((name for name, value in meant.items() if value), "")
    if name:
        why = "the web process signs its sessions with it, and ends at its start without"
        return warning(WEB, f"{name} is set, and RQCLOCK_SECRET_KEY is not", why=why, remedy=_set_key())
    return unknown(
        WEB,
        "RQCLOCK_SECRET_KEY is not set, so no web process would start here",
        remedy=f"if you run the web process: {_set_key()}, and a way to sign in. Clocks and workers need neither",
    )


def _set_key() -> str:
    return f"set RQCLOCK_SECRET_KEY ({NEW_KEY}), the same for all web processes"


def _secret_key(key: str) -> Check:
    """Whether others could know the key, or find it out."""
    if key.lower() in SAMPLES:
        what = "RQCLOCK_SECRET_KEY is a word out of an example"
    elif len(key) < SHORTEST:
        what = f"RQCLOCK_SECRET_KEY has fewer than {SHORTEST} characters"
    else:
        return ok(WEB, "RQCLOCK_SECRET_KEY is set")
    why = "it signs the sessions: who knows it, or finds it by trying with one cookie, is an admin without signing in"
    return warning(WEB, what, why=why, remedy=f"{_set_key()}; everybody has to sign in again then")


def _sign_in(settings: Settings) -> Iterator[Check]:
    """The ways by which a person gets in, and what decides what they may do."""
    if settings.role_for and (said := _unimportable(settings.role_for)):
        why, remedy = "the web process ends at its start", "name a function, module.function, or unset it"
        what = f"RQCLOCK_ROLE_FOR={settings.role_for} {said}"
        yield failure(SIGN_IN, what, why=why, remedy=remedy, stops_deploy=False)
    if line := dev_sign_in_forbidden(settings):
        why = "the web process ends at its start"
        yield failure(SIGN_IN, line, why=why, remedy="unset RQCLOCK_DEV_SIGN_IN", stops_deploy=False)
    half = _half_openid(settings)
    if half:
        why = "nobody can sign in through the provider without both"
        yield warning(SIGN_IN, half, why=why, remedy="the provider tells both, where our client is registered")
    ways = list(_ways(settings))
    if ways:
        yield ok(SIGN_IN, " and ".join(ways))
    elif not half:
        yield _closed(settings)


def _closed(settings: Settings) -> Check:
    named = f"RQCLOCK_ENVIRONMENT is {settings.environment or 'not set'}"
    local = "RQCLOCK_LOCAL_ACCOUNTS=0" if settings.local_accounts else f"local accounts are closed while {named}"
    return warning(
        SIGN_IN,
        f"nobody can sign in: {OPENID[0]} is not set, and {local}",
        why="every page asks for it, but where an application mounts console() and signs people in itself",
        remedy=f"{' and '.join(OPENID)}; on a test system RQCLOCK_LOCAL_ACCOUNTS=1, and rqclock user add",
    )


def _half_openid(settings: Settings) -> str:
    values = dict(zip(OPENID, (settings.oidc_issuer, settings.oidc_client_id), strict=True))
    there = [name for name, value in values.items() if value]
    absent = [name for name, value in values.items() if not value]
    return f"{there[0]} is set, and {absent[0]} is not" if there and absent else ""


def _ways(settings: Settings) -> Iterator[str]:
    if settings.oidc_issuer and settings.oidc_client_id:
        yield f"through {urlsplit(settings.oidc_issuer).hostname}"
    if local_accounts_open(settings) and not (settings.dev_sign_in and not settings.local_accounts):
        yield LOCAL
    if settings.dev_sign_in and not dev_sign_in_forbidden(settings):
        yield "by the link of rqclock dev"


def _unimportable(path: str) -> str:
    module, _, name = path.replace(":", ".").rpartition(".")
    try:
        found = getattr(import_module(module), name)
    except Exception as error:  # a module of the application may raise anything while it is imported
        return f"cannot be imported: {error}"
    return "" if callable(found) else "is no function"


def _metrics(settings: Settings) -> Check:
    if settings.metrics_token:
        return ok(METRICS, "/metrics answers who shows RQCLOCK_METRICS_TOKEN")
    return ok(METRICS, "/metrics is closed: RQCLOCK_METRICS_TOKEN is not set")


def _links(settings: Settings) -> Check:
    """Whether alerts lead to a page."""
    if settings.public_url:
        return ok(LINKS, f"to {settings.public_url}")
    what, remedy = "none: RQCLOCK_PUBLIC_URL is not set", "set it to the console's address as people reach it"
    if not settings.secret_key:
        return unknown(LINKS, what, remedy=f"if there is a console: {remedy}")
    return warning(LINKS, what, why="whoever gets an alert has to look for the page first", remedy=remedy)


def accounts(connection: redis.Redis, settings: Settings) -> Iterator[Check]:
    """Where local accounts are the only way in, whether there is one. Raises redis.RedisError."""
    if not settings.secret_key or list(_ways(settings)) != [LOCAL]:
        return
    found = [account for account in Accounts(connection, settings.key_prefix).all() if account.mark]
    if found:
        yield ok(ACCOUNTS, f"{len(found)} of rqclock user")
        return
    yield warning(
        ACCOUNTS,
        "there is no local account",
        why="they are the only way in, so nobody can sign in",
        remedy="rqclock user add ann@example.org --role admin",
    )
