"""What a supervisor sees of a clock: `HEALTH_PORT`, systemd's watchdog, and an exit when the loop stalls."""

from __future__ import annotations

import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Gauge,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from rqclock.errors import ConfigurationError
from rqclock.metrics import Collector
from rqclock.running.pulse import STALLED_AFTER, Pulse
from rqclock.settings import Settings
from rqclock.store.ledger import Verdict
from rqclock.store.totals import DECISIONS

log = logging.getLogger("rqclock.clock")
LOOKS = 1.0
STALLED = 70  # the exit code: EX_SOFTWARE of sysexits.h
MOST = 500  # schedules that have series of their own here
SWITCH = 0.0005  # seconds after which whoever writes figures lets the loop go on; Python's own is ten times as long
AT_ONCE = 32  # callers
SILENT = 2.0  # seconds after which a connection that asks nothing is closed
PATIENCE = 0.5  # seconds that a scrape here waits for an answer of Redis


class Metrics:
    """What this process alone knows, in a registry of its own; `rqclock.metrics` reads what all of them share."""

    def __init__(self, pulse: Pulse, *, leading: Callable[[], bool]) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        gauge = Gauge("rqclock_leading", "1 while this process leads.", registry=self.registry)
        gauge.set_function(leading)  # asked for at each look: it ends with the lease, also while Redis does not answer
        self.takeovers = Counter(
            "rqclock_process_takeovers", "Times this process took the lead.", registry=self.registry
        )
        self.fenced = Counter(
            "rqclock_process_refused_writes",
            "Writes of this process refused: another clock led.",
            registry=self.registry,
        )
        self.runs = Counter("rqclock_process_runs", "Runs this process decided.", ["decision"], registry=self.registry)
        age = Gauge("rqclock_process_loop_age_seconds", "Seconds since its loop last turned.", registry=self.registry)
        age.set_function(pulse.age)

    def count(self, verdicts: Sequence[Verdict]) -> None:
        """Count what was decided."""
        for verdict in verdicts:
            if verdict.decision in DECISIONS:
                self.runs.labels(verdict.decision).inc()


class Server(ThreadingHTTPServer):
    """One thread for each who asks."""

    daemon_threads = True

    def __init__(self, *args: Any) -> None:
        self._free = threading.BoundedSemaphore(AT_ONCE)
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Idle callers must not use up the descriptors that the clock needs to reach Redis."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked has left before the answer was written: that is no news."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Health:
    """Serves `/livez`, `/readyz` and `/metrics`, and watches the pulse. `ready` says whether Redis answers us.

    `settings` name the port, and the Redis whose figures stand beside the process's own.
    """

    def __init__(self, pulse: Pulse, metrics: Metrics, settings: Settings, *, ready: Callable[[], bool]) -> None:
        self._pulse = pulse
        self._metrics = metrics
        self._ready = ready
        self._settings = settings

    def start(self) -> None:
        """Answer where HEALTH_PORT says, and watch the pulse. Raises ConfigurationError when that port is taken."""
        if self._settings.health_port:
            self._serve(self._settings.health_host, self._settings.health_port)
        self.watch()

    def _serve(self, host: str, port: int) -> None:
        sys.setswitchinterval(SWITCH)
        self._metrics.registry.register(_shared(self._settings))
        try:
            server = Server((host, port), _handler(self))
        except OSError as error:
            raise ConfigurationError(f"HEALTH_PORT {port} cannot be served: {error.strerror}") from None
        threading.Thread(target=server.serve_forever, name="health", daemon=True).start()

    def watch(self, die: Callable[[int], Any] = os._exit) -> None:
        """End the process when the loop stalls, and tell systemd while it does not, in a thread."""
        threading.Thread(target=self._watch, args=(die,), name="watchdog", daemon=True).start()

    def _watch(self, die: Callable[[int], Any]) -> None:
        turns, still = self._pulse.turns, 0
        while True:
            time.sleep(LOOKS)
            # Looks are counted, not seconds: a process that was stopped as a whole has not stalled.
            still = 0 if self._pulse.turns != turns else still + 1
            turns = self._pulse.turns
            if still * LOOKS > STALLED_AFTER:
                log.critical("the loop has made no progress for %d s: exiting", still)
                die(STALLED)
                return

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Status, content type and body for a path."""
        if path == "/livez":
            alive = self._pulse.age() <= STALLED_AFTER
            return (200 if alive else 503), "text/plain", f"last turn {self._pulse.age():.1f} s ago\n".encode()
        if path == "/readyz":
            return (200, "text/plain", b"ready\n") if self._ready() else (503, "text/plain", b"Redis does not answer\n")
        if path == "/metrics":
            return 200, CONTENT_TYPE_PLAIN_0_0_4, generate_latest(self._metrics.registry)
        return 404, "text/plain", b"/livez /readyz /metrics\n"


def _shared(settings: Settings) -> Collector:
    """A probe must not wait for a Redis that is silent: whether this process leads is asked for just then. And the
    time of this process belongs to the runs: 45,000 series of 5,000 schedules are the web process's to write."""
    impatient = replace(settings, redis_connect_timeout=min(PATIENCE, settings.redis_connect_timeout))
    return Collector(impatient, answer_timeout=PATIENCE, most=MOST)


def _handler(health: Health) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = SILENT  # else whoever connects and says nothing keeps a thread for ever

        def do_GET(self) -> None:
            status, kind, body = health.answer(self.path.partition("?")[0])
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Probes come every few seconds: they are no news."""

    return Handler


def notify_systemd(text: str) -> None:
    """Tell systemd `READY=1`, `WATCHDOG=1` or `STOPPING=1`, where it has asked (sd_notify's protocol)."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
        out.settimeout(PATIENCE)  # whoever does not hear must not make the loop stand still
        try:
            out.sendto(text.encode(), "\0" + address[1:] if address.startswith("@") else address)
        except OSError as error:
            log.warning("systemd cannot be told %s: %s", text, error)
