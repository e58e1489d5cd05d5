"""One horse as its parent sees it: what it has in hand, and since when."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from rqclock.worker.reins import Reins


@dataclass(frozen=True)
class InHand:
    """A job that a horse has taken. Epoch seconds `began`; `due` is when it is killed, monotonic, None for never."""

    job_id: str
    queue: str
    execution: str
    began: float
    timeout: int
    due: float | None

    @property
    def facts(self) -> dict[str, str]:
        """What a log line says of it besides its words."""
        return {"job_id": self.job_id}


class Stall:
    """`killed_for`: the id of the job that a kill was meant for; another one in hand then is innocent."""

    def __init__(self, pid: int, reins: Reins, jobs: int | None) -> None:
        self.pid = pid
        self.reins = reins
        self.jobs = jobs  # how many it was sent out for
        self.in_hand: InHand | None = None
        self.done = 0
        self.left: str | None = None
        self.killed_for: tuple[str, str] | None = None
        self.lost = 0  # beats in a row that found the job in other hands
        self.busy_at = time.monotonic()

    def listen(self) -> None:
        """Take note of what it has said."""
        for event in self.reins.events():
            if "taken" in event:
                self.in_hand = _in_hand(event)
            elif "done" in event:
                self.in_hand = None
                self.done += 1
            else:
                self.left = event["left"]
            self.lost = 0
            self.busy_at = time.monotonic()

    def kill(self, reason: str = "") -> None:
        """With all that its job has started. `reason`: "stop", "timeout", "lost"; "" when nobody meant its job."""
        if self.in_hand is not None and reason:
            self.killed_for = self.in_hand.job_id, reason
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    @property
    def verdict(self) -> str:
        """Why it was killed, as far as that concerns the job that was in its hands."""
        if self.killed_for is None or self.in_hand is None:
            return ""
        job_id, reason = self.killed_for
        return reason if job_id == self.in_hand.job_id else "innocent"


def _in_hand(event: dict[str, Any]) -> InHand:
    due = time.monotonic() + event["limit"] if event["limit"] else None
    return InHand(event["taken"], event["queue"], event["execution"], event["began"], event["timeout"], due)
