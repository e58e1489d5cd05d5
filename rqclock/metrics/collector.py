"""The collector: one look at Redis for each scrape. What cannot be read has no series, and the rest stays."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import redis
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector as Registered

from rqclock import connection as connections
from rqclock.metrics import jobs, presence, queues, runs, schedules, server, workers
from rqclock.metrics.figure import Figure, Sheet
from rqclock.metrics.look import ClockLook, Look
from rqclock.metrics.timetable import Timetables
from rqclock.settings import Settings
from rqclock.store.server_now import server_now

log = logging.getLogger("rqclock.metrics")

UP = Figure("rqclock_up", "gauge", "1 when Redis answered this scrape, else 0.")
TOOK = Figure("rqclock_scrape_duration_seconds", "gauge", "How long this scrape read from Redis.")
PART_OK = Figure(
    "rqclock_scrape_ok", "gauge", "1 when this part could be read, else 0: its series are missing.", ("part",)
)
OF_CLOCK = {"presence": presence.read, "runs": runs.read, "jobs": jobs.read, "schedules": schedules.read}
# After those that tell which queues the timetables name.
OF_REDIS = {"queues": queues.read, "workers": workers.read, "server": server.read}
PARTS = (presence, runs, jobs, schedules, queues, workers, server)
FIGURES = (UP, TOOK, PART_OK, *(figure for part in PARTS for figure in part.FIGURES))

MOST = 5000  # schedules of a Clock that have series of their own
KEPT = 1.0  # seconds for which what was found is shown to whoever asks next: scrapers don't add up
KEPT_WHEN_DOWN = 5.0
WITHIN = 8.0  # seconds after which no further part is begun: Prometheus gives up at 10
# What other people's hands leave in a key: another type, no JSON, no number, a field less.
BROKEN = (redis.ResponseError, ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError)


class Collector(Registered):
    """Reads the Redis of the settings when it is asked. Safe for threads: one looks, the others wait and share it.

    `answer_timeout` is in seconds; `most` schedules of a Clock have series of their own.
    """

    def __init__(
        self,
        settings: Settings,
        connection: redis.Redis | None = None,
        *,
        answer_timeout: float = 2.0,
        most: int = MOST,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection = connection or connections.connect(settings, "metrics", answer_timeout=answer_timeout)
        self._settings = settings
        self._most = most
        self._monotonic = monotonic
        self._timetables = Timetables()
        self._lock = threading.Lock()
        self._found: tuple[float, list[Metric]] = (-1e9, [])
        self._failing: set[str] = set()

    def describe(self) -> Iterator[Metric]:
        """The families, without a look at Redis."""
        return iter(Sheet(FIGURES))

    def collect(self) -> Iterator[Metric]:
        """The families with their values; never an error."""
        with self._lock:
            until, found = self._found
            if self._monotonic() >= until:
                found = self._look()
            return iter(found)

    def _look(self) -> list[Metric]:
        began, sheet = self._monotonic(), Sheet(FIGURES)
        try:
            now = server_now(self._connection)
            look = Look(self._connection, self._settings.key_prefix, now, sheet, self._timetables, self._most)
            self._read(look, began)
            up, kept = 1, KEPT
            self._note("Redis", None)
        except (redis.RedisError, OSError) as error:  # OSError: a file of certificates that is not there
            up, kept = 0, KEPT_WHEN_DOWN
            said = connections.explain(error, self._settings) if isinstance(error, redis.RedisError) else error
            self._note("Redis", said)
        sheet.put(UP, up)
        took = self._monotonic() - began
        sheet.put(TOOK, took)
        self._found = (began + took + kept, list(sheet))
        return self._found[1]

    def _read(self, look: Look, began: float) -> None:
        """All parts. Raises redis.RedisError when Redis is out of reach."""
        clocks, all_known = self._clocks(look)
        for name in (*OF_CLOCK, *OF_REDIS):
            if self._monotonic() - began > WITHIN:
                sound = self._note(name, TimeoutError(f"nothing was begun later than {WITHIN:g} s"))
            elif name in OF_CLOCK:
                sound = all_known and all(
                    [self._tried(f"{name} of {one.name}", partial(OF_CLOCK[name], look, one)) for one in clocks]
                )
            else:
                sound = self._tried(name, partial(OF_REDIS[name], look))
            look.sheet.put(PART_OK, int(sound), name)

    def _clocks(self, look: Look) -> tuple[list[ClockLook], bool]:
        """Those in use, and whether they could be read."""
        found: list[ClockLook] = []

        def read() -> None:
            presence.count(look)
            found.extend(look.clocks)

        sound = self._tried("clocks", read)
        return [clock for clock in found if not self._is_forgotten(clock)], sound

    def _is_forgotten(self, clock: ClockLook) -> bool:
        try:
            return clock.is_forgotten
        except BROKEN:  # each part says for itself what it cannot read
            return False

    def _tried(self, part: str, read: Callable[[], Any]) -> bool:
        try:
            read()
        except BROKEN as error:
            return self._note(part, error)
        return self._note(part, None)

    def _note(self, part: str, error: Exception | None) -> bool:
        """Log what is wrong once, until it is well again. The answer is whether it is."""
        if error is None:
            self._failing.discard(part)
            return True
        if part not in self._failing:
            log.warning("%s cannot be read for the metrics: %s: %s", part, type(error).__name__, error)
        self._failing.add(part)
        return False
