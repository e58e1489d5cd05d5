"""`rqclock watch` and `rqclock alert test`: is anything wrong, and does the news of it arrive?"""

from __future__ import annotations

import logging
import os
import signal
import socket
import time

import click

from rqclock.alerts.channels import Channel, channels_of
from rqclock.alerts.delivery import try_all
from rqclock.alerts.notice import Sender
from rqclock.alerts.register import Register
from rqclock.alerts.watcher import Watcher
from rqclock.cli.common import iso, json_option, say_json, server
from rqclock.errors import ConfigurationError
from rqclock.logs import set_up
from rqclock.settings import Settings

log = logging.getLogger("rqclock.alerts")
NO_CHANNEL = (
    "no alert has anywhere to go: set RQCLOCK_ALERT_WEBHOOK, or RQCLOCK_ALERT_EMAIL with SMTP_URL, or RQCLOCK_PING_URL"
)
ENDS = {signal.SIGTERM, signal.SIGINT}


@click.command("watch")
@click.option("--test", is_flag=True, help="Send a test notice instead, as `rqclock alert test` does.")
def watch_(test: bool) -> None:
    """Watch whether the clocks lead and the jobs run, and tell people when not, until SIGTERM.

    The web process and clocks that stand by do so as well; any number may run beside each other.
    """
    settings = Settings.read(os.environ)
    channels = _channels(settings)
    if test:
        _test(settings, channels)
        return
    set_up("watch")
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)  # before there are threads, so that only we get them
    watcher = Watcher(settings, channels)
    watcher.start()
    log.info("watching; notices go to %s", ", ".join(f"{channel.name} ({channel.where})" for channel in channels))
    signal.sigwait(ENDS)
    watcher.stop()


@click.group("alert")
def alert_() -> None:
    """Alerts: which are open, and whether they would arrive."""


@alert_.command("list")
@json_option
def list_(as_json: bool) -> None:
    """The alerts that are open, of all Clocks. Exit code 1 if there are any."""
    settings = Settings.read(os.environ)
    with server(settings) as connection:
        found = [alert for alert, _ in Register(connection, settings.key_prefix).open().values()]
    if not found and not as_json:
        click.echo("no alert is open")
    for alert in sorted(found, key=lambda alert: alert.since):
        if as_json:
            say_json(
                alert.facts() | {"since": iso(alert.since), "raised": iso(alert.raised), "at": iso(alert.at or None)}
            )
        else:
            click.echo(f"since {iso(int(alert.since))}  {alert.kind}  {alert.text}")
    if found:
        raise click.exceptions.Exit(1)


@alert_.command("test")
@json_option
def test(as_json: bool) -> None:
    """Send a test notice through each channel that is set. Exit code 1 unless all arrive."""
    settings = Settings.read(os.environ)
    _test(settings, _channels(settings), as_json=as_json)


def _channels(settings: Settings) -> list[Channel]:
    channels = channels_of(settings)
    if not channels:
        raise ConfigurationError(NO_CHANNEL)
    return channels


def _test(settings: Settings, channels: list[Channel], *, as_json: bool = False) -> None:
    notice = Sender.of(settings).test(time.time(), socket.gethostname())
    results = try_all(channels, notice | {"schedule": "rqclock-test"})
    for channel, problem in results:
        if as_json:
            told = {"channel": channel.name, "where": channel.where, "sent": not problem, "problem": problem or None}
            say_json(told)
        else:
            click.echo(f"{channel.name} ({channel.where}): " + (f"not sent: {problem}" if problem else "sent"))
    if any(problem for _, problem in results):
        raise click.exceptions.Exit(1)
