"""Everything that can happen to clocks and their Redis, at random but by a seed."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import redis

from tests.support.lab import LEASE, ClockProcess, Lab
from tests.support.proxy import Proxy
from tests.support.server import Server
from tests.support.time_shift import TimeShift
from tests.support.waiting import until

EVENTS = {
    "kill": 4, "terminate": 3, "stop_still": 4, "lose_a_reply": 4, "lose_a_request": 3, "cut": 3, "swallow": 3,
    "slow_down": 2, "step_time": 3, "restart_redis": 1, "kill_redis": 1, "cut_power_of_redis": 1, "fill_redis": 1,
    "pause": 2, "deploy": 1,
}  # fmt: skip
PERIODS = {"tick": 1, "two": 2, "five": 5, "minute": 60}
LINES = {
    "tick": 'clock.every("second", name="tick").enqueue(jobs.plain)',
    "two": 'clock.every("2 seconds", name="two", catch_up="all", catch_up_within="1 hour").enqueue(jobs.plain)',
    "five": 'clock.every("5 seconds", name="five", late_ok=1, catch_up="none").enqueue(jobs.retried)',
    "minute": 'clock.every("minute", name="minute").enqueue(jobs.plain)',
}
EXTRA = 'clock.every("3 seconds", name="{name}").enqueue(jobs.plain)'
BUSY_FOR = (0.2, 1.5)  # seconds between two events
PAUSED = '{"by":"soak","why":"at random"}'


@dataclass
class Place:
    """Where a clock runs: its way to Redis, its host's time, and the process that is there now."""

    number: int
    proxy: Proxy
    time: TimeShift | None
    clock: ClockProcess | None = None


@dataclass
class Nemesis:
    """A running system, and all that can happen to it."""

    lab: Lab
    random: random.Random
    say: Callable[[str], None]
    places: list[Place] = field(default_factory=list)
    later: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    events: Counter[str] = field(default_factory=Counter)
    version: int = 0

    def start(self, clocks: int) -> None:
        self.server: Server = self.lab.server(append_only=True)
        self.redis = self.lab.client(self.server)
        self._write_version()
        can_shift = shutil.which("gcc") is not None
        for number in range(clocks):
            host = self.lab.wall_clock() if can_shift else None
            self.places.append(Place(number, self.lab.proxy(self.server.port), host))
            self._run(self.places[-1])
        until(lambda: self.lab.cursor(self.redis), 20, what="the first tick")

    def go_on(self, seconds: float) -> None:
        """Let things happen for so long."""
        end = time.monotonic() + seconds
        names = sorted(EVENTS)
        while time.monotonic() < end:
            name = self.random.choices(names, [EVENTS[name] for name in names])[0]
            words = getattr(self, name)()
            self.events[name] += 1
            self.say(words or name.replace("_", " "))
            self._wait(self.random.uniform(*BUSY_FOR))

    def calm_down(self) -> None:
        """No more faults: everything runs, and all that is due is decided. Then all clocks stop."""
        for _, undo in sorted(self.later, key=lambda pair: pair[0]):
            undo()
        for place in self.places:
            place.proxy.mend()
            self._run(place)
            assert place.clock
            place.clock.wait_for("joined")
        now = self.redis.time()[0]
        for slug, period in PERIODS.items():
            self.lab.reaches(self.redis, now - now % period, slug=slug)
        self.lab.stop()

    # --- what happens; each answers in words, or is told by its name

    def kill(self) -> str:
        place = self._any_place()
        if place.clock:
            place.clock.kill()
        self._after(0.2, 3, lambda: self._run(place))
        return f"kill -9 {place.number}"

    def terminate(self) -> str:
        place = self._any_place()
        if place.clock and place.clock.running:
            place.clock.go_on()
            place.clock.signal(signal.SIGTERM)
        self._after(0.2, 3, lambda: self._run(place))
        return f"SIGTERM {place.number}"

    def stop_still(self) -> str:
        place, seconds = self._any_place(), self.random.uniform(0.5, 4) * LEASE
        clock = place.clock
        if clock and clock.running:
            clock.stop_still()
            self._after(seconds, seconds, clock.go_on)
        return f"SIGSTOP {place.number} for {seconds:.1f} s"

    def lose_a_reply(self) -> str:
        place = self._any_place()
        place.proxy.cut_reply(matching=b'"enqueue"')
        return f"lost reply {place.number}"

    def lose_a_request(self) -> str:
        place = self._any_place()
        place.proxy.cut_request(matching=b'"enqueue"')
        return f"lost request {place.number}"

    def cut(self) -> str:
        place = self._any_place()
        place.proxy.cut()
        return f"connections cut {place.number}"

    def swallow(self) -> str:
        place = self._any_place()
        place.proxy.swallow()
        self._after(0.5, 5, place.proxy.mend)
        return f"black hole {place.number}"

    def slow_down(self) -> str:
        place = self._any_place()
        place.proxy.delay, place.proxy.jitter, place.proxy.reset_share = self.random.uniform(0, 0.3), 0.1, 0.02
        self._after(1, 5, place.proxy.mend)
        return f"slow and shaky network {place.number}"

    def step_time(self) -> str:
        place, seconds = self._any_place(), self.random.choice([-3600, -90, -5, 5, 90, 3600])
        if place.time:
            place.time.by(seconds)
        return f"host {place.number} steps by {seconds} s"

    def restart_redis(self) -> str:
        self.server.stop()
        self._wait(self.random.uniform(0, 3))
        self._start_redis()
        return "Redis restarted"

    def kill_redis(self) -> str:
        self.server.kill()
        self._start_redis()
        return "Redis kill -9"

    def cut_power_of_redis(self) -> str:
        appended = max((self.server.folder / "appendonlydir").glob("*.incr.aof"))
        size = appended.stat().st_size
        self._wait(1)
        self.server.kill()
        os.truncate(appended, size)
        self._start_redis()
        return "Redis lost its last second"

    def fill_redis(self) -> str:
        self.redis.config_set("maxmemory", 1)
        self._wait(self.random.uniform(0.5, 3))
        self.redis.config_set("maxmemory", 0)
        return "Redis was full"

    def pause(self) -> str:
        self.redis.hset("rq:clock:default:paused", "two", PAUSED)
        self._after(1, 4, self._resume)
        return "paused"

    def deploy(self) -> str:
        """The next version; each place changes over when it starts again, as in a rolling deploy."""
        self._write_version()
        for place in self.places:
            self._after(0, 6, partial(self._replace, place))
        return f"deploy of version {self.version}"

    # --- how

    def _any_place(self) -> Place:
        """The leader's in half of all cases: faults elsewhere are easy."""
        coin, other = self.random.random(), self.random.choice(self.places)  # both always, so that a seed goes on alike
        owner = self.redis.hget("rq:clock:default:lease", "owner") or b""
        leading = [place for place in self.places if place.clock and f":{place.clock.pid}:".encode() in owner]
        return leading[0] if leading and coin < 0.5 else other

    def _run(self, place: Place) -> None:
        if place.clock is None or not place.clock.running:
            place.clock = self.lab.clock(place.proxy.url, self.file, time=place.time)

    def _replace(self, place: Place) -> None:
        if place.clock and place.clock.running:
            place.clock.go_on()
            place.clock.signal(signal.SIGTERM)
            place.clock.wait(20)
        self._run(place)

    @property
    def file(self) -> Path:
        """The clock file that is deployed now."""
        return self.lab.folder / f"clock-{self.version}.py"

    def _resume(self) -> None:
        try:
            self.redis.hdel("rq:clock:default:paused", "two")
        except redis.ConnectionError:  # it is down just now
            self._after(1, 1, self._resume)

    def _write_version(self) -> None:
        self.version += 1
        extra = EXTRA.format(name=f"extra {self.version}")
        self.lab.file(*LINES.values(), extra, name=self.file.name)

    def _start_redis(self) -> None:
        self.server.start()
        self.redis.connection_pool.disconnect()

    def _after(self, least: float, most: float, step: Callable[[], Any]) -> None:
        self.later.append((time.monotonic() + self.random.uniform(least, most), step))

    def _wait(self, seconds: float) -> None:
        """Wait, and do meanwhile what was put off until now."""
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            due = [pair for pair in self.later if pair[0] <= now]
            self.later = [pair for pair in self.later if pair[0] > now]
            for _, step in due:
                step()
            time.sleep(0.02)
