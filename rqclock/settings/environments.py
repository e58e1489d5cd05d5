"""Which kind of system an environment's name means. Production must not look like the rest, nor be as open."""

from __future__ import annotations

from rqclock.settings import Settings

# Which colour an environment wears; any other name is grey.
COLOURS = {
    "production": "production",
    "prod": "production",
    "live": "production",
    "qa": "qa",
    "staging": "qa",
    "preprod": "qa",
    "test": "qa",
    "development": "development",
    "dev": "development",
    "local": "development",
}


def name_of(settings: Settings) -> str:
    return settings.environment or ("development" if settings.dev_sign_in else "")


def colour_of(name: str) -> str:
    return COLOURS.get(name.lower(), "other")


def counts_as_production(settings: Settings) -> bool:
    """Whether it must be as closed as production: one that says nothing of itself, or nothing that is known, must."""
    return colour_of(name_of(settings)) not in ("qa", "development")


def local_accounts_open(settings: Settings) -> bool:
    """Whether accounts of `rqclock user` may sign in."""
    if settings.local_accounts:
        return settings.local_accounts == "1"
    return not counts_as_production(settings)


def dev_sign_in_forbidden(settings: Settings) -> str:
    """Why the web process does not start with its sign-in link, as a line; empty where it may."""
    if not settings.dev_sign_in or not counts_as_production(settings):
        return ""
    return f"RQCLOCK_DEV_SIGN_IN is set while RQCLOCK_ENVIRONMENT is {settings.environment}: its link makes an admin"
