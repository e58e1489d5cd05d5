"""What parent and horse say to each other: a line of JSON each way, through two pipes that outlive neither."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from typing import Any

from rqclock.worker.listening import readable

LEAVE = b"leave\n"


class Reins:
    """Both pipes, made before the fork; each side keeps its own ends."""

    def __init__(self) -> None:
        self._hears, self._orders = os.pipe()  # parent to horse
        self._listens, self._tells = os.pipe()  # horse to parent
        self._part = b""
        self._leaving = False

    # --- the parent's side

    def hold(self) -> None:
        """Be the parent."""
        os.close(self._hears)
        os.close(self._tells)
        os.set_blocking(self._listens, False)

    @property
    def ear(self) -> int:
        """The descriptor on which the horse is heard."""
        return self._listens

    def events(self) -> list[dict[str, Any]]:
        """What the horse has said since the last call. The last, cut line of one that was killed is dropped."""
        with suppress(BlockingIOError):
            while read := os.read(self._listens, 65536):
                self._part += read
        *lines, self._part = self._part.split(b"\n")
        return [json.loads(line) for line in lines]

    def ask_to_leave(self) -> None:
        """Take no further job."""
        with suppress(BrokenPipeError):
            os.write(self._orders, LEAVE)

    def drop(self) -> None:
        """The horse is gone, or this is another horse: its own ends of these pipes would keep them open."""
        for end in (self._orders, self._listens):
            os.close(end)

    # --- the horse's side

    def bear(self) -> None:
        """Be the horse."""
        os.close(self._orders)
        os.close(self._listens)

    @property
    def mouth_piece(self) -> int:
        """The descriptor on which orders come."""
        return self._hears

    def tell(self, **event: Any) -> None:
        """Raises BrokenPipeError when the parent is dead: then no job must begin."""
        os.write(self._tells, json.dumps(event).encode() + b"\n")

    def must_leave(self, wait: float = 0.0) -> bool:
        """Whether the parent has said so within `wait` seconds, or is dead."""
        if self._leaving:
            time.sleep(wait)
        elif readable([self._hears], wait):
            os.read(self._hears, 512)
            self._leaving = True
        return self._leaving
