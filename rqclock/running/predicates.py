"""User code at the clock: `if_=`. It runs beside the loop, with a limit: it can neither stop nor delay a tick."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

LIMIT = 1.0  # seconds
STRIKES = 3


class Predicates:
    """Asks predicates in a helper thread; one that failed three times in a row is asked no more."""

    def __init__(self, limit: float = LIMIT) -> None:
        self._limit = limit
        self._strikes: dict[str, int] = {}
        self._tasks: queue.SimpleQueue[Any] | None = None

    def ask(self, name: str, predicate: Callable[[datetime], bool], local: datetime) -> tuple[str, str] | None:
        """None to enqueue, else the decision and its reason. `local` is the tick in the schedule's zone."""
        if self._strikes.get(name, 0) >= STRIKES:
            return "refused", f"its condition failed {STRIKES} times and is not asked any more; mend it and deploy"
        answer = self._run(lambda: predicate(local))
        if isinstance(answer, str):
            self._strikes[name] = self._strikes.get(name, 0) + 1
            return "refused", f"its condition {answer}"
        self._strikes.pop(name, None)
        return None if answer else ("skipped", "its condition said no")

    def _run(self, call: Callable[[], Any]) -> bool | str:
        """The call's truth, or what went wrong with it."""
        if self._tasks is None:
            self._tasks = queue.SimpleQueue()
            threading.Thread(target=_serve, args=(self._tasks,), name="predicates", daemon=True).start()
        answer: queue.SimpleQueue[bool | str] = queue.SimpleQueue()
        self._tasks.put((call, answer))
        try:
            return answer.get(timeout=self._limit)
        except queue.Empty:
            self._tasks = None  # the thread is lost to the call that hangs; the next question gets a new one
            return f"took longer than {self._limit:g} s"


def _serve(tasks: queue.SimpleQueue[Any]) -> None:
    while True:
        call, answer = tasks.get()
        try:
            answer.put(bool(call()))
        except (Exception, SystemExit) as error:  # user code may raise anything; it becomes the reason
            answer.put(f"raised {type(error).__name__}: {error}")
