"""Functions that test timetables enqueue: a worker can import them from here."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from rq import Retry

from rqclock import job


def plain() -> str:
    """Does nothing. A second sentence."""
    return "done"


def add(a: int, b: int = 0) -> int:
    return a + b


def anything(*args: Any, **kwargs: Any) -> None: ...


def fail() -> None:
    raise ValueError("the door is shut")


@job(queue="mail", retry=Retry(max=3, interval=[10, 20, 60]))
def retried() -> None:
    raise ValueError("not today")


@job(retry=1)
def fails_then_waits() -> None:
    raise ValueError("not yet")


@job(ttl="1h", timeout="10m")
def short_lived() -> None: ...


@job(result_ttl=60, failure_ttl=3600)
def soon_forgotten() -> None: ...


@job(description="Chases providers who owe us an answer")
def described() -> None: ...


@job(timeout=-1)
def endless() -> None: ...


@job(retry=0)
def once() -> None: ...


@job(retry=3)
def thrice() -> None: ...


@job(result_ttl=0)
def result_unwanted() -> None: ...


@job(max_attempts=1)
def fragile() -> None: ...


async def later() -> str:
    return "done"


class Desk:
    """A class whose methods are, and are not, functions that a worker can import."""

    @staticmethod
    def sort() -> None: ...

    @classmethod
    def close(cls) -> None: ...

    def clear(self) -> None: ...

    def __call__(self) -> None: ...


def make_nested() -> Callable[[], None]:
    def nested() -> None: ...

    return nested


@functools.wraps(plain)
def impostor() -> str:
    return "not what a worker finds under the name of plain"


partial: Callable[..., Any] = functools.partial(add, 1)
