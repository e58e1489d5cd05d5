"""Tables: how wide they are; and that of `rqclock list`, which takes three lines a schedule where one is too long."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields

from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

UNBOUNDED = 10_000


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


def filled(columns: list[str], rows: list[list[str]], *, title: str | None = None) -> Table:
    """The table without the columns that say nothing; the first column, which names the row, is never broken."""
    used = [n for n in range(len(columns)) if n == 0 or any(row[n] for row in rows)]
    table = Table(title=Text(title) if title else None)
    for n in used:
        table.add_column(columns[n], no_wrap=n == 0, overflow="fold")
    for row in rows:
        table.add_row(*(Text(row[n]) for n in used))
    return table


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
    return Padding(Text(words, overflow="fold"), (0, 0, 0, 2))
