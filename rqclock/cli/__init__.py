"""`rqclock`: look at the timetable, at what became of it, and act on it."""

from __future__ import annotations

import os
import sys

import click

from rqclock import check_prefix
from rqclock.errors import RqclockError
from rqclock.version import __version__

HOMES = {
    "list": "timetable",
    "next": "timetable",
    "check": "check",
    "explain": "explain",
    "simulate": "simulate",
    "status": "status",
    "history": "history",
    "why": "why",
    "run": "run",
    "pause": "pause",
    "resume": "pause",
    "skip-next": "pause",
    "backfill": "backfill",
    "failed": "failed",
    "quarantine": "quarantine",
    "activity": "activity",
    "watch": "watch",
    "alert": "watch",
    "audit": "audit",
    "doctor": "doctor",
    "alive": "alive",
    "accept-time": "accept_time",
    "forget": "forget",
    "settings": "settings",
    "user": "user",
    "dev": "dev",
}


class Commands(click.Group):
    """The group; a command's module is loaded when it is asked for, so that a probe stays quick."""

    def list_commands(self, context: click.Context) -> list[str]:
        """In the order in which a newcomer meets them."""
        return list(HOMES)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The command, from `rqclock/cli/HOME.py`, where its function is called NAME_."""
        from importlib import import_module

        if name not in HOMES:
            return None
        if name == "dev":
            return import_module("rqclock.dev.command").dev  # type: ignore[no-any-return]
        return getattr(import_module(f"rqclock.cli.{HOMES[name]}"), f"{name.replace('-', '_')}_")  # type: ignore[no-any-return]

    def resolve_command(self, context: click.Context, args: list[str]):  # type: ignore[no-untyped-def]
        """As click does, with a suggestion for a near miss."""
        from rqclock.errors import did_you_mean

        try:
            return super().resolve_command(context, args)
        except click.UsageError as error:
            near = did_you_mean(args[0], HOMES)
            raise click.UsageError(error.message.rstrip(".") + (near or "."), context) from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--file", metavar="FILE", help="The clock file (default: RQCLOCK_FILE, else ./clock.py).")
@click.version_option(__version__, prog_name="rqclock")
@click.pass_context
def commands(context: click.Context, file: str | None) -> None:
    """The clock for RQ: what is due when, what became of it, and why."""
    context.obj = file


def main() -> None:
    """The console script. Exit codes: 0 yes, 1 no, 2 usage, configuration, or Redis out of reach."""
    check_prefix()
    try:
        sys.exit(commands.main(standalone_mode=False) or 0)  # click returns the code of an Exit here, not raises it
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        sys.exit(130)
    except RqclockError as error:
        _say(str(error))
        sys.exit(2)
    except BrokenPipeError:  # `rqclock simulate | head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _say(text: str) -> None:
    click.echo(text, err=True)
