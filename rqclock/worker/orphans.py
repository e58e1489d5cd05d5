"""Processes that lost their parent, in a container, where the worker is process 1."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress


def bury(ours: Collection[int]) -> None:
    """As process 1, wait for ended children that others left to us; `ours` are waited for elsewhere.

    A program that a job started and left behind becomes a child of process 1 when its parent ends. Unless that waits
    for it, it stays in the table of processes for ever, and a container may have only so many.
    """
    if os.getpid() != 1:
        return
    with suppress(ChildProcessError):
        while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if ended.si_pid in ours:  # it hides those behind it, until the next turn
                return
            os.waitpid(ended.si_pid, 0)
