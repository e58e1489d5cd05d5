"""A stock worker that kills itself, its work-horse or both at a named point, once; and jobs that leave traces."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from rq import Retry, Worker
from rq.executions import Execution

RETRY = Retry(max=1, interval=30)
POINT, WHOM, MARK = "MORTAL_POINT", "MORTAL_WHOM", "MORTAL_MARK"


def strike(point: str) -> None:
    """Kill whom the environment names, if this is the point, and nobody was killed yet. Notes the time of death."""
    mark = Path(os.environ.get(MARK, "/nowhere"))
    if os.environ.get(POINT) != point or mark.exists():
        return
    mark.write_text(f"{time.time()}")
    whom = os.environ[WHOM]
    is_horse = point in ("before started", "in the job", "before the result")
    if is_horse and whom in ("worker", "both"):
        os.kill(os.getppid(), signal.SIGKILL)
    if not is_horse or whom in ("horse", "both"):
        os.kill(os.getpid(), signal.SIGKILL)


class MortalWorker(Worker):
    """`rq worker -w tests.support.mortal.MortalWorker`."""

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

    def handle_job_success(self, *args: Any, **options: Any) -> None:
        strike("before the result")
        super().handle_job_success(*args, **options)


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
