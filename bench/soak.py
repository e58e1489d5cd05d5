"""Clocks under everything at once, at random: python -m bench.soak --minutes 10 [--seed S] [--clocks 3]

Kills, stops past the lease, cuts and loses on the network, steps the hosts' time, restarts Redis with its append-only
file (also without its last second), fills it, pauses, deploys: see bench/nemesis.py. Ends with `rqclock audit` and with
a count of the queue that knows nothing of the library: 0 lost, 0 twice, or exit code 1. The same seed gives the same
course of events.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

import click

from bench.nemesis import PERIODS, Nemesis
from tests.support.accounts import Accounts
from tests.support.lab import Lab


@click.command()
@click.option("--minutes", default=1.0, show_default=True)
@click.option("--seed", type=int, help="The course of events of an earlier run.")
@click.option("--clocks", default=3, show_default=True)
@click.option("--quiet", is_flag=True, help="Not every event.")
def main(minutes: float, seed: int | None, clocks: int, quiet: bool) -> None:
    """Let everything happen to some clocks, and count what became of every tick."""
    seed = random.SystemRandom().randrange(10**6) if seed is None else seed
    click.echo(f"seed {seed}")
    began = time.monotonic()

    def say(event: str) -> None:
        if not quiet:
            click.echo(f"{time.monotonic() - began:6.1f} {event}")

    with tempfile.TemporaryDirectory() as folder:
        nemesis = Nemesis(Lab(Path(folder)), random.Random(seed), say)
        try:
            nemesis.start(clocks)
            nemesis.go_on(minutes * 60)
            nemesis.calm_down()
            problems = report(nemesis)
        finally:
            nemesis.lab.close()
    sys.exit(1 if problems else 0)


def report(nemesis: Nemesis) -> list[str]:
    """Print what became of every tick; the answer is what must not be."""
    accounts = Accounts.read(nemesis.redis, PERIODS)
    audit = nemesis.lab.run("audit", redis_url=nemesis.server.url, file=nemesis.file)
    failed = audit.wait(60)
    problems = accounts.problems + ([f"rqclock audit: {audit.output}"] if failed else [])
    decided = {word: accounts.count(word) for word in ("enqueued", "skipped", "missed", "refused")}
    again = sum(len(accounts.refired(slug)) for slug in PERIODS)
    lost, twice = (sum(word in problem for problem in problems) for word in ("lost", "times"))
    click.echo(f"events: {sum(nemesis.events.values())}: {dict(nemesis.events)}")
    click.echo(f"ticks: {sum(decided.values())}: {decided}; {again} decided again after a loss of Redis, and marked")
    click.echo(audit.output.strip().splitlines()[-1])
    click.echo(f"{lost} lost, {twice} twice" + "".join(f"\n{problem}" for problem in problems))
    return problems


if __name__ == "__main__":
    main()
