"""So that people hear what is wrong: a clock's errors go to Sentry, and while it stands by it watches.

The leading clock is not its own judge.
"""

from __future__ import annotations

from rqclock import sentry
from rqclock.alerts.channels import channels_of
from rqclock.alerts.watcher import Watcher
from rqclock.settings import Settings
from rqclock.store.lease import Lease


def start(settings: Settings, lease: Lease) -> None:
    """Begin with what is set. Raises ConfigurationError when a setting lacks another."""
    sentry.start("clock")
    channels = channels_of(settings)
    if channels:
        Watcher(settings, channels, active=lambda: not lease.leading).start()
