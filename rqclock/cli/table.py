"""The table of `rqclock list`: one line a schedule where the terminal is wide enough, else three that stay readable."""

from __future__ import annotations

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


def show(rows: list[Row], console: Console, *, title: str, zone: str) -> None:
    """Print the rows; `zone` is that of most of them."""
    table = wide(rows)
    wanted = Measurement.get(console, console.options.update(max_width=UNBOUNDED), table).maximum
    console.print(Text(title, style="bold"))
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
