"""Which settings make which channels; how a notice is signed; how often sending is tried."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

import pytest

from rqclock.alerts.channels import channels_of
from rqclock.alerts.delivery import next_try, wait_after
from rqclock.alerts.register import Message
from rqclock.alerts.webhook import signature
from rqclock.errors import ConfigurationError
from rqclock.settings import Settings

HOOK = "https://hooks.example/services/T0/B0/topsecret"


def test_nothing_set_is_no_channel() -> None:
    assert channels_of(Settings()) == []


def test_each_channel_shows_where_it_leads_and_no_secret() -> None:
    settings = Settings(
        alert_webhook=HOOK,
        alert_email=("ops@example.org",),
        smtp_url="smtps://me:hunter2@mail.example:465",
        ping_url="https://hc.example/key123/{schedule}",
    )
    assert [(channel.name, channel.where) for channel in channels_of(settings)] == [
        ("webhook", "hooks.example"),
        ("email", "ops@example.org by mail.example:465"),
        ("ping", "hc.example"),
    ]


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (Settings(alert_secret="s3cret"), "RQCLOCK_ALERT_SECRET is set, but RQCLOCK_ALERT_WEBHOOK is not"),
        (Settings(alert_email=("ops@example.org",)), "RQCLOCK_ALERT_EMAIL is set, but SMTP_URL is not"),
        (Settings(alert_from="clock@example.org"), "RQCLOCK_ALERT_FROM is set, but RQCLOCK_ALERT_EMAIL is not"),
    ],
)
def test_a_setting_that_lacks_another_is_one_line(settings: Settings, line: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        channels_of(settings)
    assert str(error.value).startswith(line)
    assert "\n" not in str(error.value) and "s3cret" not in str(error.value)


def test_a_mail_server_alone_is_the_applications_own() -> None:
    assert channels_of(Settings(smtp_url="smtp://mail.example")) == []


def test_the_signature_is_what_the_documentation_says() -> None:
    expected = hmac.new(b"secret", b'1800000000.{"text": "a"}', hashlib.sha256).hexdigest()
    assert signature("secret", "1800000000", b'{"text": "a"}') == f"v1={expected}"


def test_a_message_is_tried_again_for_a_quarter_of_an_hour_ever_more_rarely() -> None:
    message, now, waits = Message("webhook:a", "webhook", {}, 0.0), 0.0, []
    while (at := next_try(message, now)) is not None:
        waits.append(at - now)
        message, now = replace(message, tries=message.tries + 1), at
    assert waits == sorted(waits) and waits[0] == 2.0
    assert 600 < now <= 900
    assert len(waits) < 12


def test_a_wait_has_an_upper_end() -> None:
    assert wait_after(500) == 240.0
