"""The parent's loop: keeps the horses, hears what they take, beats for their jobs, and ends them in time.

It runs no job and waits for no job, so it can act at any moment: a job in C code past its timeout, a stop while Redis
is away. One thread, for it forks.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING, Any

import redis
from rq.defaults import RQ_KEY_PREFIX
from rq.utils import now, utcformat

from rqclock.store.scripts import Scripts
from rqclock.worker import birth, orphans
from rqclock.worker.fallen import Fallen
from rqclock.worker.horse import Task
from rqclock.worker.listening import readable
from rqclock.worker.reins import Reins
from rqclock.worker.signals import Signals
from rqclock.worker.stall import InHand, Stall

if TYPE_CHECKING:
    from rqclock.worker.worker import Worker

BEAT = 15.0  # seconds; half of RQ's own, so that one may be missed
LIFE = 75  # seconds that a beat keeps a running job's records: never under 60 between two beats
NEXT_AFTER_CRASH = 1.0  # seconds until a horse that died without having had a job gets a successor
AGAIN = 1.0  # seconds between two signals of which the second asks for haste (a terminal sends each twice)

log = logging.getLogger("rqclock.worker")


class Stable:
    """The horses of one worker, `count` of them, each sent out for `task`."""

    def __init__(self, worker: Worker, task: Task, *, count: int, grace: float, idle: float | None) -> None:
        self._worker = worker
        self._task = task
        self._wanted = count
        self._grace = grace
        self._idle = idle
        self._stalls: list[Stall] = []
        self._fallen = Fallen(worker)
        self._scripts = Scripts(worker.connection)
        self._ended = 0
        self._spent = 0  # horses that are not replaced: their burst or their share of the jobs is over
        self._next_beat = time.monotonic() + BEAT
        self._not_before = 0.0
        self._stop_at: float | None = None  # when the grace is over
        self._asked = 0.0
        self._told = False
        self._wake, self._waker = os.pipe()

    def run(self) -> int:
        """Until all is done or it was stopped; the number of jobs that ended."""
        with Signals(self._waker, self.ask_to_stop):
            try:
                while self._staff():
                    self._listen()
                    self._bury()
                    self._keep_time()
            finally:
                for stall in self._stalls:
                    stall.kill()
                os.close(self._wake)
                os.close(self._waker)
        return self._ended

    @property
    def busy(self) -> list[Stall]:
        return [stall for stall in self._stalls if stall.in_hand]

    @property
    def stopping(self) -> bool:
        return self._stop_at is not None

    def ask_to_stop(self, number: int = signal.SIGTERM, frame: FrameType | None = None) -> None:
        """Runs in a signal handler. A platform says SIGTERM again and again; a second Ctrl-C is somebody in haste."""
        now_ = time.monotonic()
        if self._stop_at is None:
            self._stop_at, self._asked = now_ + self._grace, now_
        elif number == signal.SIGINT and now_ - self._asked > AGAIN:
            self._stop_at = now_

    def kill(self, reason: str, matches: Callable[[InHand], bool]) -> bool:
        """End the horses whose job `matches`."""
        found = [stall for stall in self.busy if stall.in_hand and matches(stall.in_hand)]
        for stall in found:
            stall.kill(reason)
        return bool(found)

    # --- one turn

    def _staff(self) -> bool:
        """Fork what is missing; False when there is no more to do."""
        if self.stopping:
            self._tell_all_to_leave()
            return bool(self._stalls)
        missing = self._wanted - self._spent - len(self._stalls)
        while missing > 0 and time.monotonic() >= self._not_before:
            self._fork()
            missing -= 1
        return bool(self._stalls) or missing > 0

    def _fork(self) -> None:
        jobs = self._share()
        if jobs == 0:
            self._spent += 1
            return
        reins, parent = Reins(), os.getpid()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                birth.die_with_parent(parent)
                for other in self._stalls:
                    other.reins.drop()
                code = birth.live(self._worker, reins, replace(self._task, jobs=jobs))
            finally:
                os._exit(code)  # never back into the parent's code
        reins.hold()
        self._stalls.append(Stall(pid, reins, jobs))

    def _share(self) -> int | None:
        """How many jobs the next horse may run."""
        if self._task.jobs is None:
            return None
        promised = sum((stall.jobs or 0) - stall.done for stall in self._stalls)
        left = self._task.jobs - self._ended - promised
        return -(-left // max(1, self._wanted - self._spent - len(self._stalls)))

    def _listen(self) -> None:
        ears = [stall.reins.ear for stall in self._stalls]
        ready = readable([self._wake, *ears, *self._worker.commands.ears()], self._patience())
        if self._wake in ready:
            os.read(self._wake, 512)
        self._worker.commands.hear(ready, self)
        for stall in self._stalls:
            if stall.reins.ear in ready:
                self._hear(stall)

    def _hear(self, stall: Stall) -> None:
        before = stall.done
        stall.listen()
        self._ended += stall.done - before

    def _patience(self) -> float:
        ends = [self._next_beat, *(stall.in_hand.due for stall in self._stalls if stall.in_hand and stall.in_hand.due)]
        if self._stop_at is not None:
            ends.append(self._stop_at)
        if len(self._stalls) < self._wanted - self._spent:
            ends.append(self._not_before)
        if self._idle is not None:
            ends.append(self._idle_since() + self._idle)
        return max(0.0, min(ends) - time.monotonic())

    def _bury(self) -> None:
        for stall in list(self._stalls):
            try:
                pid, status = os.waitpid(stall.pid, os.WNOHANG)
            except ChildProcessError:  # somebody else has waited for it
                pid, status = stall.pid, 0
            if pid:
                self._hear(stall)
                self._stalls.remove(stall)
                stall.reins.drop()
                self._after(stall, status)
        orphans.bury([stall.pid for stall in self._stalls])

    def _after(self, stall: Stall, status: int) -> None:
        self._spent += stall.left in ("empty", "quota")
        if stall.in_hand is not None:
            self._ended += 1
            self._fallen.settle(stall, status)
        elif stall.left is None and stall.done == 0:
            self._not_before = time.monotonic() + NEXT_AFTER_CRASH

    # --- what is due

    def _keep_time(self) -> None:
        moment = time.monotonic()
        for stall in self.busy:
            taken = stall.in_hand
            if taken and taken.due and moment >= taken.due and stall.killed_for is None:
                told = "job %s did not end with its timeout of %d s: killed"
                log.error(told, taken.job_id, taken.timeout, extra=taken.facts)
                stall.kill("timeout")
        if self._stop_at is not None and moment >= self._stop_at:
            self._end_all()
        if moment >= self._next_beat:
            self._next_beat = moment + BEAT
            self._beat()
        if self._idle is not None and not self.busy and moment - self._idle_since() >= self._idle:
            log.info("idle for %d s: done", self._idle)
            self._stop_at = self._stop_at or moment + self._grace
            self._idle = None

    def _idle_since(self) -> float:
        return max((stall.busy_at for stall in self._stalls), default=time.monotonic())

    def _tell_all_to_leave(self) -> None:
        if self._told:
            return
        self._told = True
        left = max(0.0, (self._stop_at or 0.0) - time.monotonic())
        log.info("stopping: jobs in hand: %d, they have %.0f s to end", len(self.busy), left)
        for stall in self._stalls:
            stall.reins.ask_to_leave()

    def _end_all(self) -> None:
        """The grace is over: what still runs goes back on its queue."""
        self._fallen.hurry()
        for stall in self._stalls:
            self._hear(stall)
            if stall.in_hand and stall.killed_for is None:
                stall.killed_for = "", "grace"
            stall.kill()

    def _beat(self) -> None:
        try:
            self._worker.beat()
            for stall in self.busy:
                self._beat_for(stall)
            self._worker.commands.mend()
            self._worker.keep_house()
        except redis.RedisError as error:
            log.warning("no beat: %s", error)
            self._next_beat = time.monotonic() + 1.0  # at once when Redis is back, before others take us for dead

    def _beat_for(self, stall: Stall) -> None:
        taken = stall.in_hand
        assert taken is not None
        moment = now()
        whose = (taken.queue, taken.job_id, self._worker.name, taken.execution)
        times = (LIFE, int(moment.timestamp()), utcformat(moment), taken.began)
        ours: Any = self._scripts.call("in_hand", RQ_KEY_PREFIX, *whose, *times, "beats")
        stall.lost = 0 if ours else stall.lost + 1
        if stall.lost >= 2:  # the first may be a job that ends just now
            log.error("job %s was given to another worker meanwhile: stopped", taken.job_id, extra=taken.facts)
            stall.kill("lost")
