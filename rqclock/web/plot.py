"""How long the last runs took and how they ended, as a picture: a bar for each, oldest first. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from rqclock.web.moments import length
from rqclock.web.words import Mark

WIDTH, HEIGHT = 1000, 190
LEFT, TOP, BOTTOM = 86, 22, 30
SHOWN = 60
NICE = (1, 2, 3, 4, 6, 8, 10)
FEW = 3  # runs from which on a typical length is named


@dataclass(frozen=True)
class Column:
    """One run: its bar (`height` 0: it did not run), and the mark of its outcome above it."""

    x: float
    y: float
    width: float
    height: float
    mark: Mark

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True)
class Line:
    y: float
    label: str


@dataclass(frozen=True)
class Plot:
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    typical: Line | None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    floor: int = HEIGHT - BOTTOM


def plot(marks: Sequence[Mark]) -> Plot | None:
    """Of the newest runs, `marks` newest first; None where nothing ran."""
    shown = list(marks[:SHOWN])[::-1]
    most = max((mark.run.duration or 0 for mark in shown), default=0)
    if not any(mark.run.duration is not None for mark in shown):
        return None
    top = ceiling(most)
    step = min((WIDTH - LEFT) / len(shown), 48)
    columns = tuple(_column(mark, n, step, top) for n, mark in enumerate(shown))
    lines = tuple(Line(_y(value, top), length(value)) for value in (0, top / 2, top))
    usual = typical(shown)
    return Plot(columns, lines, None if usual is None else Line(_y(usual, top), f"typically {length(usual)}"))


def typical(marks: Sequence[Mark]) -> float | None:
    """The middle length of the runs that ended well, where there are enough of them; seconds."""
    took = [mark.run.duration for mark in marks if mark.run.duration is not None and mark.outcome.tone == "good"]
    return median(took) if len(took) >= FEW else None


def ceiling(seconds: float) -> float:
    """The next round number above: of minutes and hours from a minute on.

    >>> ceiling(0.7), ceiling(42), ceiling(61), ceiling(4000), ceiling(0)
    (0.8, 60.0, 120.0, 7200.0, 0.001)
    """
    unit = 0.001 if seconds <= 10 else 10 if seconds <= 60 else 60 if seconds <= 3600 else 3600
    while True:
        for factor in NICE:
            if seconds <= unit * factor:
                return round(float(unit * factor), 6)
        unit *= 10


def _column(mark: Mark, place: int, step: float, top: float) -> Column:
    took = mark.run.duration
    height = 0.0 if took is None else max(2.0, HEIGHT - BOTTOM - _y(took, top))
    x, width = LEFT + place * step + step * 0.15, step * 0.7
    return Column(round(x, 1), round(HEIGHT - BOTTOM - height, 1), round(width, 1), round(height, 1), mark)


def _y(seconds: float, top: float) -> float:
    return round(HEIGHT - BOTTOM - seconds / top * (HEIGHT - BOTTOM - TOP), 1)
