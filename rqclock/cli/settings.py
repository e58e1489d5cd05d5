"""`rqclock settings`: every variable that clock, worker and web read, and its value in force."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import Field, dataclass, fields
from typing import Any

import click
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from rqclock.cli.common import json_option, say_json
from rqclock.cli.table import output
from rqclock.masks import MASK
from rqclock.settings import Settings, unknown

SET = "(set)"
# What gunicorn reads of the same environment, with what is the case without it.
OF_GUNICORN = {
    "PORT": ("Port of the web process, which then listens on every address.", ""),
    "WEB_CONCURRENCY": ("Processes of the web process.", "1"),
    "GUNICORN_CMD_ARGS": ("Options that win over ours: --bind=127.0.0.1:5050 --threads=8.", ""),
}


@dataclass(frozen=True)
class Row:
    """A setting as it is shown: its secret is not."""

    name: str
    type: str
    default: str
    value: str
    secret: bool
    help: str


@click.command("settings")
@json_option
@click.option("--example", is_flag=True, help="An environment file to start from, with every setting as a comment.")
def settings_(as_json: bool, example: bool) -> None:
    """Every setting with its value in force, as clock, worker and web read them from the environment."""
    if example:
        click.echo("\n".join(environment_file()))
        return
    rows = list(table(Settings.read(os.environ)))
    if as_json:
        say_json([vars(row) for row in rows])
    else:
        _show(rows)
    for line in unknown(os.environ):
        click.echo(f"warning: {line}", err=True)


def table(settings: Settings) -> Iterator[Row]:
    """A row for each setting. Of a secret one is said whether it is set; of Redis's address, all but the password."""
    for setting in fields(Settings):
        facts, value = setting.metadata, getattr(settings, setting.name)
        shown = _hidden(settings, setting.name) if facts["secret"] else _text(value, unset=setting.default)
        default = _text(setting.default, unset=setting.default)
        yield Row(facts["name"], facts["type"].words, default, shown, facts["secret"], facts["help"])


def environment_file() -> Iterator[str]:
    """The lines of `.env.example`."""
    yield "# Settings of clock, worker and web: `rqclock settings` shows those in force, `rqclock doctor` tries them."
    yield "# A secret may also be mounted as a file: NAME_FILE=/run/secrets/name in place of NAME=…"
    for setting in fields(Settings):
        yield ""
        yield from _example(setting)
    for name, (about, value) in OF_GUNICORN.items():
        yield from ("", f"# {about}", "# read by gunicorn", f"#{name}={value}")


def _example(setting: Field[Any]) -> Iterator[str]:
    facts = setting.metadata
    yield f"# {facts['help'][0].upper()}{facts['help'][1:]}."
    yield f"# {facts['type'].words}{'; secret' if facts['secret'] else ''}"
    yield f"#{facts['name']}={_text(setting.default, unset=setting.default)}"


def _show(rows: list[Row]) -> None:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for row in rows:
        changed = row.value != row.default
        grid.add_row(
            Text(row.name, style="bold" if changed else ""), Text(row.value or "-", style="bold" if changed else "")
        )
        grid.add_row("", Padding(Text(f"{row.help} ({row.type})", style="dim"), (0, 0, 0, 2)))
    output().print(grid)


def _text(value: Any, *, unset: Any) -> str:
    """0 is nothing only where it is what stands for that, and not where somebody has said it."""
    if isinstance(value, tuple):
        return ",".join(value)
    if value == unset == 0:
        return ""
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _hidden(settings: Settings, name: str) -> str:
    if name == "redis_url":
        where = settings.redis
        return f"{where.scheme}://{f'{MASK}@' if where.password else ''}{where.shown}"
    return SET if getattr(settings, name) else ""
