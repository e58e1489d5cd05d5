"""The command `rqclock dev`."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from redis import RedisError

from rqclock.connection import connect, explain
from rqclock.dev import embedded, ports
from rqclock.dev.console import Console
from rqclock.dev.environment import Page, check_remote, environment, on_loopback
from rqclock.dev.procfile import Line, read_procfile
from rqclock.dev.runner import Plan, Runner, Server
from rqclock.dev.workspace import EXPORTS, Workspace
from rqclock.errors import ConfigurationError, RqclockError
from rqclock.settings import Settings

PAGE_PORT = 5050
# What a command in another terminal needs in order to see the same clock; no secret is among them.
EXPORTED = ("REDIS_URL", "DATABASE_URL", "RQCLOCK_DEVELOPMENT")


@click.command()
@click.option(
    "--clocks", type=click.IntRange(0, 9), help="How many clocks to run: with 2, one leads and one stands by."
)
@click.option("--workers", type=click.IntRange(0, 99), help="How many workers to run.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help=f"The page's port. [default: {PAGE_PORT}, or the next free]"
)
@click.option("--redis-port", type=click.IntRange(1, 65535), help="The embedded server's port. [default: a free one]")
@click.option("--redis", "redis_url", metavar="URL", help="Use this Redis, and start none.")
@click.option("--yes-remote", is_flag=True, help="With --redis: yes, the one on another machine.")
@click.option("--reset", is_flag=True, help="Empty var/ first: queues, decisions, the sample's database, letters.")
def dev(**options: Any) -> None:
    """Run every process of the Procfile on this machine, with a Valkey server of its own.

    Everything listens on 127.0.0.1 alone and is kept in var/. REDIS_URL and DATABASE_URL of the environment are not
    used. Ctrl-C stops everything, a second one at once.
    """
    try:
        code = run(Options(**options))
    except RqclockError as error:
        click.echo(f"rqclock dev: {error}", err=True)
        code = 2
    sys.exit(code)


@dataclass(frozen=True)
class Options:
    """The options as click gives them; None where nobody chose."""

    clocks: int | None
    workers: int | None
    port: int | None
    redis_port: int | None
    redis_url: str | None
    yes_remote: bool
    reset: bool

    @property
    def counts(self) -> dict[str, int]:
        asked = {"clock": self.clocks, "worker": self.workers}
        return {name: count for name, count in asked.items() if count is not None}


def run(options: Options) -> int:
    """Run the Procfile of this folder to the end of it all; the exit code.

    Raises RqclockError, one line, when something stands in the way; nothing runs then.
    """
    workspace = Workspace(Path.cwd())
    lines = [Line(line.name, on_loopback(line.command)) for line in read_procfile(Path("Procfile"), options.counts)]
    if options.redis_url:
        check_redis(options.redis_url, yes_remote=options.yes_remote)
    port = ports.wanted(options.port, "--port") if options.port else ports.next_free(PAGE_PORT)
    if options.redis_port:
        ports.wanted(options.redis_port, "--redis-port")
    with workspace.locked() as lock:
        if options.reset:
            workspace.reset()
        redis = options.redis_url or embedded_server(workspace, options.redis_port, lock=lock)
        page = Page(port, secrets.token_urlsafe(24), workspace.secret_key())
        return start(workspace, lines, redis=redis, page=page)


def check_redis(url: str, *, yes_remote: bool) -> None:
    """Raise RqclockError unless `url` is one that we may use and that answers."""
    try:
        settings = Settings.read({"REDIS_URL": url})
    except ConfigurationError as error:
        raise ConfigurationError(str(error).replace("REDIS_URL", "--redis")) from None
    check_remote(url, allowed=yes_remote)
    try:
        connect(settings, "dev").ping()
    except RedisError as error:
        raise explain(error, settings) from None


def embedded_server(workspace: Workspace, port: int | None, *, lock: int) -> Server:
    chosen = port or workspace.redis_port()
    return Server(chosen, embedded.server_command(workspace.redis, port=chosen, append_only=True), lock)


def start(workspace: Workspace, lines: list[Line], *, redis: str | Server, page: Page) -> int:
    """Run the lines with the Redis at that URL, or with that server of our own."""
    own = redis if isinstance(redis, Server) else None
    plan = Plan(
        lines,
        own,
        seeded=workspace.seeded if workspace.has_sample else None,
        page=page if any(line.kind == "web" for line in lines) else None,
    )
    surroundings = environment(
        os.environ,
        redis_url=redis.url if isinstance(redis, Server) else redis,
        database_url=workspace.database_url if workspace.has_sample else None,
        page=page,
    )
    console = Console(plan.names)
    if own:
        workspace.write_exports({name: surroundings[name] for name in EXPORTED if name in surroundings})
    greet(console, plan)
    return asyncio.run(Runner(plan, folder=workspace.project, environment=surroundings, console=console).run())


def greet(console: Console, plan: Plan) -> None:
    if plan.page:
        console.say(f"the page: {plan.page.address}")
        console.say(f"sign in, once: {plan.page.sign_in}")
    if plan.server:
        console.say(f"Redis: {plan.server.url} (in another terminal: `. {EXPORTS}`, then `rqclock status`)")
    console.say("Ctrl-C stops everything")
