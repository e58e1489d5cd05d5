"""Jobs that leave a line in a file of their queue's name, in the folder that they are given."""

from __future__ import annotations

from pathlib import Path

from rq import get_current_job

from rqclock import job


@job(queue="untouched")
def untouched() -> None:
    """Of a queue that no worker looks at: its jobs can be counted."""


@job(queue="ours")
def ours(folder: str) -> None:
    """For our worker."""
    _leave_line(Path(folder) / "ours")


@job(queue="stock")
def stock(folder: str) -> None:
    """For RQ's own."""
    _leave_line(Path(folder) / "stock")


def _leave_line(file: Path) -> None:
    running = get_current_job()
    assert running is not None
    with file.open("a") as lines:
        lines.write(f"{running.id}\n")
