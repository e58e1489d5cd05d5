"""One look at everything: what is wrong, what is well, and of what that is all there is to say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import redis

from rqclock.alerts import jump
from rqclock.alerts.absence import Absence, read_place
from rqclock.alerts.failures import Failures
from rqclock.alerts.finding import Finding
from rqclock.alerts.judgement import judge
from rqclock.alerts.kinds import CLOCK_SILENT, JOBS_FAILED, OF_SCHEDULES, TIME_HELD
from rqclock.alerts.pings import pings
from rqclock.alerts.reading import Reading
from rqclock.alerts.redis_health import RedisHealth, read_server
from rqclock.alerts.register import Message
from rqclock.alerts.silence import Silence, read_beat
from rqclock.store.keys import Keys
from rqclock.store.presence import clocks
from rqclock.store.ticks import slug


@dataclass(frozen=True)
class Judged:
    """What a look found, and of which kinds and Clocks it has said all there is: (kind's slug, Clock's); with the
    messages to a monitor, by Clock. `clocks` are all there are, where that was asked; `broken` is what could not be
    judged."""

    findings: list[Finding] = field(default_factory=list)
    scopes: set[tuple[str, str]] = field(default_factory=set)
    pings: dict[str, list[Message]] = field(default_factory=dict)
    clocks: set[str] | None = None
    broken: list[Exception] = field(default_factory=list)


class Look:
    """Looks again and again, below one prefix. `silent_after` in seconds; `pinging`: a monitor is told of runs;
    `expected`: that no clock was ever there is wrong in any case, see `Absence`."""

    def __init__(
        self,
        connection: redis.Redis,
        prefix: str,
        *,
        silent_after: float,
        pinging: bool = False,
        expected: bool = True,
    ) -> None:
        self._connection = connection
        self._prefix = prefix
        self._silent_after = silent_after
        self._pinging = pinging
        self._readings: dict[str, Reading] = {}
        self._silences: dict[str, Silence] = {}
        self._held: dict[str, float] = {}
        self._absence = Absence(prefix, silent_after, expected=expected)
        self._failures = Failures(connection, Keys(prefix, "default"))
        self._health = RedisHealth()

    def at_clocks(self, monotonic: float) -> Judged:
        """Whether each Clock is led, and whether there is any, by our own monotonic time. Raises redis.RedisError."""
        names = clocks(self._connection, self._prefix)
        there = self._keys(names)
        judged = Judged(clocks={keys.clock for keys in there})
        for keys in there:
            self._try(judged, partial(self._at_clock, judged, keys, monotonic))
        absence = self._absence.look(read_place(self._connection, self._prefix, names), monotonic)
        judged.findings.extend([absence] if absence else [])
        judged.scopes.add((CLOCK_SILENT.slug, ""))
        return judged

    def _at_clock(self, judged: Judged, keys: Keys, monotonic: float) -> None:
        beat = read_beat(self._connection, keys)
        if beat is not None:
            silence = self._silences.setdefault(keys.clock, Silence(keys.clock, self._silent_after))
            judged.findings.extend([silence.look(beat, monotonic), jump.look(keys.clock, beat)])
            self._held[keys.clock] = beat.held
        judged.scopes.update((kind.slug, keys.clock) for kind in (CLOCK_SILENT, TIME_HELD))

    def at_the_rest(self, now: float) -> Judged:
        """The schedules, the failed jobs, the server, at `now` of Redis's time. Raises redis.RedisError."""
        judged = Judged()
        for keys in self._keys(clocks(self._connection, self._prefix)):
            self._try(judged, partial(self._at_schedules, judged, keys, now))
        self._try(judged, partial(self._at_jobs, judged, now))
        judged.findings.extend(self._health.look(read_server(self._connection), now))
        return judged

    def _try(self, judged: Judged, look: Callable[[], None]) -> None:
        """A record of one Clock that nobody can read must not keep us from hearing of all others."""
        try:
            look()
        except redis.RedisError as error:
            if "WRONGTYPE" not in str(error):
                raise  # it is the server, and not a key
            judged.broken.append(error)
        except Exception as error:  # whoever wrote it may have written anything; the watcher tells of it
            judged.broken.append(error)

    def _at_schedules(self, judged: Judged, keys: Keys, now: float) -> None:
        reading = self._readings.setdefault(keys.clock, Reading(self._connection, keys))
        now -= self._held.get(keys.clock, 0.0)  # what is due is so by the clocks' time
        for seen in reading.look(now):
            judged.findings.extend(judge(seen, now))
            if self._pinging:
                judged.pings.setdefault(keys.clock, []).extend(pings(seen, now))
        judged.scopes.update((kind.slug, keys.clock) for kind in OF_SCHEDULES)

    def _at_jobs(self, judged: Judged, now: float) -> None:
        judged.findings.extend(self._failures.look(now))
        judged.scopes.add((JOBS_FAILED.slug, ""))

    def forget(self) -> None:
        """We did not look for a while."""
        self._absence.forget()
        for silence in self._silences.values():
            silence.forget()

    def _keys(self, names: list[str]) -> list[Keys]:
        return [Keys(self._prefix, slug(name)) for name in names]
