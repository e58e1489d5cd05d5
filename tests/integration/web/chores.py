"""Jobs that the tests schedule."""

from __future__ import annotations

from rqclock import job


@job(queue="default")
def sweep(*_where: str, **_how: str) -> str:
    """Sweep the floor"""
    return "swept"


@job(queue="mail", retry=0)
def spill() -> None:
    """Spill the ink"""
    raise OSError("the ink is on the floor <b>now</b>")
