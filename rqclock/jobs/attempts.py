"""Which of its attempts a job is at, from what RQ and we have written into its hash."""

from __future__ import annotations

from typing import Any

FIELDS = ("attempts", "retries_left", "number_of_retries", "lost", "requeued")


def attempt(attempts: Any, left: Any, returned: Any, lost: Any = None, requeued: Any = None) -> int:
    """Which attempt is running, from 1 on.

    RQ counts `retries_left` down when a job raises, and `number_of_retries` up when it returns a Retry; beside them we
    wrote `attempts`: how many there may be, `lost`: how often it was queued again because its worker had died, and
    `requeued`: how often a person had it run again after it had failed for good.
    """
    raised = int(attempts) - 1 - int(left) if attempts and left is not None else 0
    return 1 + raised + int(returned or 0) + int(lost or 0) + int(requeued or 0)
