"""Tables: how wide they are; and that of `rqclock list`, which takes three lines a schedule where one is too long."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

UNBOUNDED = 10_000
LONG = 24  # a longer word, like an address or a path, may be broken


@dataclass(frozen=True)
class Row:
    """A schedule in words. `mark` says what a person did to it, if anything."""

    name: str
    when: str
    zone: str
    job: str
    queue: str
    next: str
    if_late: str
    mark: str = ""


def output() -> Console:
    """Standard output. Into a pipe lines are as long as they want to be: `rqclock history NAME | grep missed`."""
    console = Console()
    return console if console.is_terminal or "COLUMNS" in os.environ else Console(width=UNBOUNDED)


def show_table(columns: list[str], rows: list[list[str]], *, title: str | None = None) -> None:
    """Print the rows under the columns that say something; where not even single words fit, below each other.

    The first column names the row and is never broken.
    """
    console = output()
    used = [n for n in range(len(columns)) if n == 0 or any(row[n] for row in rows)]
    heads, cells = [columns[n] for n in used], [[row[n] for n in used] for row in rows]
    widths = _widths(heads, cells, console.width - 3 * len(used) - 1)  # less the lines and the space beside them
    console.print(_records(heads, cells, title) if widths is None else _table(heads, cells, title, widths))


def _table(heads: list[str], rows: list[list[str]], title: str | None, widths: list[int]) -> Table:
    table = Table(title=Text(title) if title else None)
    for head, width in zip(heads, widths, strict=True):
        table.add_column(head, width=width, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def _records(heads: list[str], rows: list[list[str]], title: str | None) -> Group:
    """What names the row, and below it the other cells that say something, each after its column's name."""
    lines: list[RenderableType] = [Text(title, style="bold")] if title else []
    for row in rows:
        named = zip(heads[1:], row[1:], strict=True)
        cells = [f"{head.lower()} {', '.join(cell.splitlines())}" for head, cell in named if cell]
        lines += [Text(row[0], style="bold", overflow="fold"), _below(" · ".join(cells))]
    return Group(*lines)


def _widths(heads: list[str], rows: list[list[str]], room: int) -> list[int] | None:
    """How wide the columns are, taken from the widest as far as words stay whole; None if they do not fit in."""
    columns = [[head, *cells] for head, *cells in zip(heads, *rows, strict=True)]
    widths = [max(cell_len(line) for cell in column for line in (cell.splitlines() or [""])) for column in columns]
    least = [min(LONG, max(cell_len(word) for cell in column for word in (cell.split() or [""]))) for column in columns]
    least[0] = widths[0]
    while sum(widths) > room:
        shrinkable = [n for n in range(len(widths)) if widths[n] > least[n]]
        if not shrinkable:
            return None
        widths[max(shrinkable, key=lambda n: widths[n])] -= 1
    return widths


def show(rows: list[Row], console: Console, *, title: str, zone: str) -> None:
    """Print the rows; `zone` is that of most of them."""
    table = wide(rows)
    wanted = Measurement.get(console, console.options.update(max_width=UNBOUNDED), table).maximum
    console.print(Text(title, style="bold"))
    if rows:
        console.print(table if wanted <= console.width else narrow(rows, zone))


def wide(rows: list[Row]) -> Table:
    """One line each, in columns."""
    shown = [field.name for field in fields(Row) if field.name != "mark" or any(row.mark for row in rows)]
    table = Table(*(name.replace("_", " ").capitalize() for name in shown))
    for row in rows:
        table.add_row(*(Text(getattr(row, name)) for name in shown))
    return table


def narrow(rows: list[Row], zone: str) -> Table:
    """Name and next run, then what is said of them below, further in; nothing is cut off."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(overflow="fold")
    grid.add_column(no_wrap=True)
    for row in rows:
        elsewhere = f" ({row.zone})" if row.zone != zone else ""
        grid.add_row(Text(row.name, style="bold"), Text(row.next))
        grid.add_row(_below(row.when + elsewhere), Text(f"if late: {row.if_late}"))
        grid.add_row(_below(row.job), Text(f"queue: {row.queue}"))
        if row.mark:
            grid.add_row(_below(row.mark))
    return grid


def _below(words: str) -> Padding:
    return Padding(Text(words, overflow="fold"), (0, 0, 0, 2), expand=False)
