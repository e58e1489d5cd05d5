"""Workers that kill themselves, their work-horse or both at a named point, once; and jobs that leave traces."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from rq import Retry, Worker
from rq.executions import Execution

import rqclock

RETRY = Retry(max=1, interval=30)
POINT, WHOM, MARK, PARENT = "MORTAL_POINT", "MORTAL_WHOM", "MORTAL_MARK", "MORTAL_PARENT"


def strike(point: str) -> None:
    """Kill whom the environment names, if this is the point, and nobody was killed yet. Notes the time of death."""
    mark = Path(os.environ.get(MARK, "/nowhere"))
    if os.environ.get(POINT) != point or mark.exists():
        return
    mark.write_text(f"{time.time()}")
    whom = os.environ[WHOM]
    is_horse = os.getpid() != int(os.environ[PARENT])
    if is_horse and whom in ("worker", "both"):
        os.kill(os.getppid(), signal.SIGKILL)
    if not is_horse or whom in ("horse", "both"):
        os.kill(os.getpid(), signal.SIGKILL)


class Mortal(Worker):
    """What both have in common."""

    def work(self, *args: Any, **options: Any) -> bool:
        os.environ[PARENT] = str(os.getpid())
        return super().work(*args, **options)

    def handle_job_success(self, *args: Any, **options: Any) -> None:
        strike("before the result")
        super().handle_job_success(*args, **options)


class MortalWorker(Mortal):
    """`rq worker -w tests.support.mortal.MortalWorker`: RQ's own, whose parent takes and registers a job."""

    def execute_job(self, job: Any, queue: Any) -> None:
        strike("after pop")
        super().execute_job(job, queue)

    def prepare_execution(self, job: Any) -> Execution:
        execution = super().prepare_execution(job)
        strike("after registering")
        return execution

    def prepare_job_execution(self, job: Any, *args: Any, **options: Any) -> None:
        strike("before started")
        super().prepare_job_execution(job, *args, **options)


class MortalKeeper(Mortal, rqclock.Worker):
    """Ours, whose horse takes a job and registers and starts it in one step."""

    def reorder_queues(self, reference_queue: Any) -> None:
        strike("after pop")
        super().reorder_queues(reference_queue)

    def get_heartbeat_ttl(self, job: Any, working_time: float = 0.0) -> int:
        strike("before started")
        return super().get_heartbeat_ttl(job, working_time)

    def perform_job(self, *args: Any, **options: Any) -> bool:
        strike("after registering")
        return super().perform_job(*args, **options)


def work(trace: str) -> None:
    """Leaves a line; may die in the middle of it."""
    note(trace)
    strike("in the job")


def note(trace: str) -> None:
    with Path(trace).open("a") as file:
        file.write(f"{time.time()}\n")


def poison(trace: str) -> None:
    """Kills its work-horse each time."""
    note(trace)
    os.kill(os.getpid(), signal.SIGKILL)


def fails(trace: str) -> None:
    note(trace)
    raise ValueError("not today")


def lasts(trace: str, seconds: float) -> None:
    note(trace)
    time.sleep(seconds)
