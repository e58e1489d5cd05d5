"""The web process watches whether anything is wrong, beside its pages: once in each process, also in forked ones."""

from __future__ import annotations

import os
import threading

from rqclock.alerts.channels import channels_of
from rqclock.alerts.watcher import Watcher
from rqclock.settings import Settings

_lock = threading.Lock()
_running: dict[int, Watcher] = {}  # the id of the process → its watcher; a forked child inherits its parent's entry


def start(settings: Settings) -> None:
    """Begin, if notices have somewhere to go. Raises ConfigurationError when a setting lacks another."""
    if not channels_of(settings):
        return
    with _lock:
        if os.getpid() not in _running:
            _start(settings)
            # A server that loads the application before it forks its workers may stop its own threads at any time.
            os.register_at_fork(after_in_child=lambda: _start(settings))


def _start(settings: Settings) -> None:
    _running.clear()
    # It may show the queues of a service that has no clock and no worker yet, or has them below another prefix.
    _running[os.getpid()] = watcher = Watcher(settings, channels_of(settings), expected=False)
    watcher.start()
