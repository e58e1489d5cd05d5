"""From the fork to the first job, and to the exit code: the child's side of `os.fork`."""

from __future__ import annotations

import ctypes
import logging
import os
import random
import signal
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from rqclock.worker.horse import Horse, Task
from rqclock.worker.reins import Reins

if TYPE_CHECKING:
    from rqclock.worker.worker import Worker

PR_SET_PDEATHSIG = 1

log = logging.getLogger("rqclock.worker")


def live(worker: Worker, reins: Reins, task: Task) -> int:
    """The child's life, from the fork to its exit code."""
    reins.bear()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    random.seed()
    worker._is_horse = True
    worker.pausing = time.sleep
    try:
        horse = Horse(worker, reins, task)
        horse.take_signals()
        worker.surroundings.enter_horse()
        horse.run()
    except BrokenPipeError:
        return 1  # the parent is dead
    except Exception:  # the parent puts the job back or fails it; here is the only place that knows the reason
        log.exception("a work-horse ends")
        return 1
    finally:
        logging.shutdown()
        with suppress(OSError, ValueError):
            sys.stdout.flush()
    return 0


def die_with_parent(parent: int) -> None:
    """Called first in the child. Where the system has no such thing, a dead parent is noticed before the next job."""
    os.setpgid(0, 0)  # what a job starts is killed with it
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
