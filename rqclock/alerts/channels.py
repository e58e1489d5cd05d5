"""The ways by which notices leave, as the settings say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from rqclock.alerts.mail import Mail
from rqclock.alerts.webhook import Ping, Webhook
from rqclock.errors import ConfigurationError
from rqclock.settings import Settings


class Channel(Protocol):
    """One way; `where` it leads may be shown."""

    @property
    def name(self) -> str: ...

    @property
    def where(self) -> str: ...

    def send(self, notice: Mapping[str, Any]) -> None:
        """Raises NotSent."""


def channels_of(settings: Settings) -> list[Channel]:
    """The channels that are set. Raises ConfigurationError with a line for each setting that lacks another."""
    _check(settings)
    found: list[Channel] = []
    if settings.alert_webhook:
        found.append(Webhook(settings.alert_webhook, settings.alert_secret))
    if settings.alert_email:
        found.append(Mail(settings.smtp_url, settings.alert_email, settings.alert_from))
    if settings.ping_url:
        found.append(Ping(settings.ping_url))
    return found


def _check(settings: Settings) -> None:
    # SMTP_URL alone is fine: the application's own mail may use it.
    lacking = {
        "RQCLOCK_ALERT_SECRET is set, but RQCLOCK_ALERT_WEBHOOK is not: it signs what goes there": (
            settings.alert_secret and not settings.alert_webhook
        ),
        "RQCLOCK_ALERT_EMAIL is set, but SMTP_URL is not: smtp://HOST:25 or smtps://NAME:PASSWORD@HOST": (
            settings.alert_email and not settings.smtp_url
        ),
        "RQCLOCK_ALERT_FROM is set, but RQCLOCK_ALERT_EMAIL is not: nobody gets an e-mail": (
            settings.alert_from and not settings.alert_email
        ),
    }
    problems = [line for line, wrong in lacking.items() if wrong]
    if problems:
        raise ConfigurationError("\n".join(problems))
