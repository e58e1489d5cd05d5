"""Clock processes whose time, network and Redis the test holds in its hands; their code and the scripts are the real.

Nothing waits: time passes when the test says so. A process acts when it is given a turn, and each request that it
makes can be lost, executed without an answer, delivered much later, or held back while the world goes on.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal
from unittest.mock import patch

import redis

from rqclock.acts.activity import read
from rqclock.running.process import Process
from rqclock.settings import Settings
from rqclock.store.keys import Keys
from rqclock.store.names import Names
from rqclock.store.scripts import _source as source
from rqclock.store.ticks import read_job_id
from rqclock.store.versions import read_versions, slugs
from rqclock.timetable.schedules import Timetable

Loss = Literal["request", "reply", "late"]
BEGAN = 1_800_000_000.0
KEYS = Keys("rq", "default")
ROOT = KEYS.root
QUEUE = "rq:queue:default"
LIFE = 2.0
# The scripts of a clock's life.
FATEFUL = ("join", "beat", "acquire", "rename", "publish", "enforce", "fire", "release")
SCRIPTS = {hashlib.sha1(source(name).encode()).hexdigest(): name for name in FATEFUL}


@dataclass
class Fate:
    """What becomes of one request: an interlude before it, and how it is lost."""

    interlude: Callable[[], None] = lambda: None
    loss: Loss | None = None


class Line(redis.Redis):
    """One process's way to Redis, whose TIME is the world's."""

    owner: Simulated

    def execute_command(self, *args: Any, **options: Any) -> Any:
        owner = self.owner
        script = SCRIPTS.get(args[1], "") if args[0] == "EVALSHA" else ""
        fate = owner.fates.pop(script, Fate())
        fate.interlude()
        if fate.loss == "request":
            raise redis.ConnectionError("lost on the way there")
        if fate.loss == "late":
            owner.world.under_way.append(args)
            raise redis.TimeoutError("no answer")
        owner.reconnect()
        answer = super().execute_command(*args, **options)
        owner.world.look_at_queue(owner)
        owner.world.look_at_lease(owner, answer)
        if fate.loss == "reply":
            raise redis.ConnectionError("lost on the way back")
        return owner.world.in_our_time(args[0], answer)


class Simulated:
    """A clock process on a host, until `gone`."""

    def __init__(self, world: World, timetable: Timetable, host: int) -> None:
        self.world = world
        self.host = host
        self.gone = self.stale = False
        self.joined_at: float | None = None
        self.fates: dict[str, Fate] = {}  # by script: of the next request for it
        with world.acting(self), patch("rqclock.connection.connect", self._connect):
            self.process = Process(timetable, Settings(redis_url=world.url))
        quiet: Any = self.process
        quiet._lease.host = f"host-{host}"
        quiet._waiter.wait = quiet._waiter.check = quiet._pulse.beat = lambda *seconds: False
        quiet._followers.start = quiet._followers.listen = lambda: None

    def _connect(self, settings: Settings, role: str, *, connected: Any = lambda: None, **options: Any) -> redis.Redis:
        self._connected = connected
        line: Any = Line.from_url(settings.redis_url, protocol=2)
        line.owner = self
        return line  # type: ignore[no-any-return]

    def turn(self) -> None:
        """One turn of its loop, unless it is in the midst of one."""
        if self.gone or self.world.is_acting(self):
            return
        with self.world.acting(self):
            self.process._turn()
            if self.joined_at is None and self.process._joined:
                self.joined_at = self.world.now

    def stop(self) -> None:
        """SIGTERM."""
        with self.world.acting(self):
            self.process._leave()
        self.gone = True

    def close(self) -> None:
        """Give back what the end of a process gives back, but for its connections: requests of it may be under way."""
        told: Any = self.process
        told._waiter._selector.close()
        for end in (told._waiter._reader, told._waiter._writer):
            os.close(end)

    @property
    def leads(self) -> bool:
        """Whether it trusts itself to lead, at this moment."""
        with self.world.acting(self):
            return not self.gone and self.process._lease.leading

    @property
    def generation(self) -> int:
        return self.process._lease.generation

    def beat_within(self, seconds: float) -> bool:
        """Whether its last beat was answered so lately."""
        last = self.process._lease.last
        with self.world.acting(self):
            return last is not None and self.world.monotonic() - last.answered < seconds

    def remembers(self, slug: str, tick: int) -> bool:
        """Whether it knows that the tick was decided."""
        return self.process._memory.decided.get(slug, 0) >= tick

    def reconnect(self) -> None:
        """As redis-py does when it finds its connection closed: without a word, but for our callback."""
        if self.stale:
            self.stale = False
            self._connected()


class World:
    """Redis and its time, the hosts, what is under way in the network; and a record of all that was ever queued."""

    def __init__(self, client: redis.Redis, url: str) -> None:
        self.client = client
        self.url = url
        self.now = BEGAN
        self.processes: list[Simulated] = []
        self.under_way: list[tuple[Any, ...]] = []
        self.pushed: Counter[str] = Counter()
        self.wrong: list[str] = []  # what was seen to go wrong, and is over
        self.rolled_back = False
        self._queued = 0
        self._actor: list[Simulated] = []
        self._patches = ExitStack()
        for module in ("process", "contact"):
            self._patches.enter_context(patch(f"rqclock.running.{module}.time", self))

    def close(self) -> None:
        self._patches.close()
        for process in self.processes:
            process.close()

    # --- the module `time`, as the process sees it whose turn it is

    def monotonic(self) -> float:
        return self.now - BEGAN + 1000.0 * (self._actor[-1].host + 1)

    def time(self) -> float:
        return self.now + 20.0 * self._actor[-1].host

    def is_acting(self, process: Simulated) -> bool:
        return process in self._actor

    @contextmanager
    def acting(self, process: Simulated) -> Iterator[None]:
        self._actor.append(process)
        try:
            yield
        finally:
            self._actor.pop()

    # --- what happens

    def start(self, timetable: Timetable, host: int) -> Simulated:
        process = Simulated(self, timetable, host)
        for other in (one for one in self.processes if one.gone):
            other.close()
        self.processes = [other for other in self.processes if not other.gone] + [process]
        return process

    def pass_by(self, seconds: float) -> None:
        self.now += seconds

    def deliver(self) -> None:
        """What was under way arrives, as it was sent."""
        for args in self.under_way:
            try:
                self.client.execute_command(*args)
            except redis.ResponseError:  # it makes no sense any more
                continue
        self.under_way.clear()
        self.look_at_queue(None)

    def snapshot(self) -> dict[bytes, tuple[bytes, int]]:
        keys: list[Any] = sorted(self.client.keys("*"))
        pipeline = self.client.pipeline(transaction=False)
        for key in keys:
            pipeline.dump(key)
            pipeline.pttl(key)
        answers = pipeline.execute()
        return dict(zip(keys, zip(answers[::2], answers[1::2], strict=True), strict=True))

    def roll_back(self, snapshot: dict[bytes, tuple[bytes, int]], *, noticed: bool) -> None:
        """Redis is again as it was; with `noticed` the connections to it break in that."""
        self.client.flushall()
        pipeline = self.client.pipeline(transaction=False)
        for key, (value, life) in snapshot.items():
            pipeline.restore(key, max(0, life), value)
        pipeline.execute()
        self._queued = int(self.client.llen(QUEUE))
        self.rolled_back = True
        self.under_way.clear()
        for process in self.processes:
            process.stale = noticed

    def in_our_time(self, command: str, answer: Any) -> Any:
        seconds, micros = divmod(round(self.now * 1e6), 1_000_000)
        if command == "TIME":
            return seconds, micros
        if command == "EVALSHA" and isinstance(answer, list) and answer and isinstance(answer[0], list):
            answer[0] = [seconds, micros]  # a beat's
        return answer

    def look_at_queue(self, by: Simulated | None) -> None:
        """Note what was queued since the last look; one that was queued before has to say so, if `by` can know it."""
        new: Any = self.client.lrange(QUEUE, self._queued, -1)
        self._queued += len(new)
        for job in (item.decode() for item in new):
            self.pushed[job] += 1
            named = read_job_id(job)
            assert named
            slug = Names.read(self.client, KEYS).today(named[0])
            row = json.loads(self.client.hget(KEYS.of("ledger", slug), str(named[1])) or "{}")
            if by and bool(row.get("refired")) != by.remembers(named[0], named[1]):
                self.wrong.append(f"{job} (queued {self.pushed[job]} times): {row}")

    def look_at_lease(self, by: Simulated, answer: Any) -> None:
        """Whoever was allowed to write has to hold the lease."""
        if isinstance(answer, list) and answer[:1] == [b"ok"]:
            holder = self.client.hget(f"{ROOT}lease", "owner")
            if holder != by.process._lease.owner.encode():
                self.wrong.append(f"{by.process._lease.owner} wrote, and {holder!r} leads")

    def forget_jobs(self) -> None:
        """Workers have run all jobs, and RQ has forgotten them; our record of the queue stays."""
        jobs: Any = self.client.keys("rq:job:*")
        if jobs:
            self.client.delete(*jobs)

    # --- what has to hold

    def problems(self) -> list[str]:
        """All that Redis holds and must not hold, at any moment."""
        jobs: Any = self.client.lrange(QUEUE, 0, -1)
        queued = Counter(job.decode() for job in jobs)
        twice = [f"{job} is queued twice" for job, times in queued.items() if times > 1]
        again = [f"{job} was queued again, and Redis had lost nothing" for job, n in self.pushed.items() if n > 1]
        said: set[str] = set()
        rows = [problem for slug in slugs(self.client, KEYS) for problem in self._problems_of(slug, queued, said)]
        unsaid = [f"{job} is queued, and no row says so" for job in queued if job not in said]
        return twice + (again if not self.rolled_back else []) + self.wrong + rows + unsaid

    def told(self) -> list[str]:
        """What befell the clocks, as they say."""
        return [entry.what for entry in read(self.client, KEYS)]

    def _problems_of(self, slug: str, queued: Counter[str], said: set[str]) -> Iterator[str]:
        """One row for each tick of each version up to the cursor, and no other; `said` is given their jobs."""
        found: dict[Any, Any] = self.client.hgetall(KEYS.of("ledger", slug))
        decided: Counter[int] = Counter()
        cursor = int(self.client.hget(KEYS.named("cursors"), slug) or 0)
        versions = read_versions(self.client, KEYS, slug)
        due = [tick for version in versions for tick in version.between(version.began, cursor)]
        for name, row in ((int(name), json.loads(row)) for name, row in found.items()):
            first = row.get("from", name)
            decided.update(tick for tick in due if first <= tick <= name)
            if name not in due:
                yield f"{slug} {name} was not due: {row}"
            job = KEYS.job_id(row.get("slug", slug), name)
            said |= {job} if row["is"] == "enqueued" else set()
            if (row["is"] == "enqueued") != (queued[job] == 1):
                yield f"{slug} {name}: the queue and the ledger disagree: {row}"
        for tick in due:
            if decided[tick] != 1:
                yield f"{slug} {tick} is decided {decided[tick]} times, up to the cursor {cursor}"
