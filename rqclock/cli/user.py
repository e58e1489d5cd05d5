"""`rqclock user`: local accounts of the web console."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from rqclock.accounts import ROLES, UNREADABLE, Accounts
from rqclock.acts.activity import By
from rqclock.cli.activity import to_the_log
from rqclock.cli.common import json_option, say_json, server
from rqclock.cli.in_force import acting
from rqclock.errors import ConfigurationError
from rqclock.settings import Settings
from rqclock.settings.environments import local_accounts_open

reason_option = click.option("--reason", default="", help="Why, for the activity.")
stdin_option = click.option("--stdin", "from_stdin", is_flag=True, help="Read the password from standard input.")


@click.group("user")
def user_() -> None:
    """Local accounts of the web console (but for test systems only with RQCLOCK_LOCAL_ACCOUNTS=1)."""


@user_.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), default="viewer", show_default=True)
@stdin_option
@reason_option
@acting
@to_the_log
def add(email: str, role: str, from_stdin: bool, by: By) -> None:
    """Add an account; its password is asked for."""
    with _accounts() as accounts:
        accounts.refuse_new(email)  # before anybody types a password
        accounts.add(email, role, _password(from_stdin), by=by)
    click.echo(f"added {email.lower()} as {role}")
    settings = Settings.read(os.environ)
    if not local_accounts_open(settings):
        named = f"RQCLOCK_ENVIRONMENT is {settings.environment or 'not set'}"
        click.echo(f"nobody can sign in with it yet: {named}, so RQCLOCK_LOCAL_ACCOUNTS=1 is needed", err=True)


@user_.command("list")
@json_option
def list_(as_json: bool) -> None:
    """The accounts and their roles."""
    with _accounts() as accounts:
        found = list(accounts.all())
        if not found and not as_json:
            click.echo("no account yet")
        for account in found:
            if as_json:
                say_json({"email": account.email, "role": account.role})
            else:
                note = "  (cannot be read: remove it, and add it anew)" if account.role == UNREADABLE else ""
                click.echo(f"{account.email}  {account.role}{note}")


@user_.command("remove")
@click.argument("email")
@reason_option
@acting
@to_the_log
def remove(email: str, by: By) -> None:
    """Remove an account; its sessions end at once."""
    with _accounts() as accounts:
        accounts.remove(email, by=by)
    click.echo(f"removed {email.lower()}")


@user_.command("password")
@click.argument("email")
@stdin_option
@reason_option
@acting
@to_the_log
def password(email: str, from_stdin: bool, by: By) -> None:
    """Give an account another password; its sessions end."""
    with _accounts() as accounts:
        accounts.refuse_unreadable(email)
        accounts.change(email, _password(from_stdin), by=by)
    click.echo(f"changed the password of {email.lower()}")


@contextmanager
def _accounts() -> Iterator[Accounts]:
    settings = Settings.read(os.environ)
    with server(settings) as connection:
        yield Accounts(connection, settings.key_prefix)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise ConfigurationError("a password is asked for at a terminal only: say --stdin where nobody can be asked")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
