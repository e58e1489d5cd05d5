"""What a supervisor sees of a clock: `HEALTH_PORT`, systemd's watchdog, and an exit when the loop stalls."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from rqclock.errors import ConfigurationError
from rqclock.running.pulse import STALLED_AFTER, Pulse
from rqclock.store.ledger import Entry, Verdict

log = logging.getLogger("rqclock.clock")
LOOKS = 1.0
STALLED = 70  # the exit code: EX_SOFTWARE of sysexits.h
LATENESS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600)


class Metrics:
    """This clock's own figures, in a registry of their own."""

    def __init__(self, pulse: Pulse, *, leading: Callable[[], bool]) -> None:
        self.registry = CollectorRegistry()
        gauge = Gauge("rqclock_leading", "1 while this clock leads.", registry=self.registry)
        gauge.set_function(leading)  # asked for at each look: it ends with the lease, also while Redis does not answer
        self.takeovers = Counter("rqclock_takeovers", "Times this clock took the lead.", registry=self.registry)
        self.fenced = Counter("rqclock_fenced", "Writes refused: another clock led.", registry=self.registry)
        self.ticks = Counter("rqclock_ticks", "Runs decided here.", ["decision"], registry=self.registry)
        self.lateness = Histogram(
            "rqclock_lateness_seconds", "From due to queued.", registry=self.registry, buckets=LATENESS
        )
        age = Gauge("rqclock_loop_age_seconds", "Seconds since the loop last turned.", registry=self.registry)
        age.set_function(pulse.age)

    def count(self, part: Sequence[Entry], verdicts: Sequence[Verdict], now: float) -> None:
        """Count what was decided at `now`, Redis's time."""
        for entry, verdict in zip(part, verdicts, strict=True):
            self.ticks.labels(verdict.decision).inc()
            if verdict.decision == "enqueued":
                self.lateness.observe(max(0.0, now - entry.tick))


class Health:
    """Serves `/livez`, `/readyz` and `/metrics`, and watches the pulse. `ready` says whether Redis answers us."""

    def __init__(self, pulse: Pulse, metrics: Metrics, *, ready: Callable[[], bool]) -> None:
        self._pulse = pulse
        self._metrics = metrics
        self._ready = ready

    def serve(self, host: str, port: int) -> None:
        """Answer on that port, in a thread. Raises ConfigurationError when it is taken."""
        try:
            server = ThreadingHTTPServer((host, port), _handler(self))
        except OSError as error:
            raise ConfigurationError(f"HEALTH_PORT {port} cannot be served: {error.strerror}") from None
        server.daemon_threads = True
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
            return 200, CONTENT_TYPE_LATEST, generate_latest(self._metrics.registry)
        return 404, "text/plain", b"/livez /readyz /metrics\n"


def _handler(health: Health) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
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
        try:
            out.sendto(text.encode(), "\0" + address[1:] if address.startswith("@") else address)
        except OSError as error:
            log.warning("systemd cannot be told %s: %s", text, error)
