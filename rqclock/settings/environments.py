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


def local_accounts_open(settings: Settings) -> bool:
    """Whether accounts of `rqclock user` may sign in. A system that says nothing of itself counts as production."""
    if settings.local_accounts:
        return settings.local_accounts == "1"
    return colour_of(name_of(settings)) in ("qa", "development")
