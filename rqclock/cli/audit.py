"""`rqclock audit`: was every run decided on, once?"""

from __future__ import annotations

import sys

import click
from rich.console import Console
from rich.progress import Progress

from rqclock.aftercare.retention import KEPT
from rqclock.cli.common import iso, json_option, say_json
from rqclock.cli.in_force import InForce, in_force
from rqclock.cli.moments import MINUTE, past
from rqclock.views.audit import Audit, Span
from rqclock.views.findings import Finding


@click.command("audit")
@click.argument("name", required=False)
@click.option("--from", "start", metavar="TIME", help="First instant, included (default: all that is kept, 30 days).")
@click.option("--to", "end", metavar="TIME", help="Last instant, not included (default: now).")
@in_force
@json_option
def audit_(there: InForce, name: str | None, start: str | None, end: str | None, as_json: bool) -> None:
    """Work out what was due between two times and compare it with what is recorded. Exit code 1 on any difference.

    A time is 2026-11-23T08:00, 08:00, or a length ("2 hours" ago), in the Clock's zone unless it has an offset.
    """
    audit = Audit(there.connection, there.keys, _span(there, start, end))
    slug = there.find_ever(name).slug if name else None
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("comparing", total=None)
        for finding in audit.findings(slug, progress=lambda runs: progress.advance(task, runs)):
            say_json(finding.facts()) if as_json else click.echo(_line(finding))
    _sum_up(audit, as_json=as_json)
    if audit.differences:
        raise click.exceptions.Exit(1)


def _span(there: InForce, start: str | None, end: str | None) -> Span:
    now, timezone = there.now(), there.timezone
    first = int(now) - KEPT + MINUTE if start is None else past(start, timezone, now, option="--from")
    last = int(now) + 1 if end is None else past(end, timezone, now, option="--to")
    if last <= first:
        raise click.BadParameter(f"{end or 'now'} is not later than {start or 'all that is kept'}", param_hint="--to")
    return Span(first, last)


def _line(finding: Finding) -> str:
    span = f"{iso(finding.tick)}" + (f" to {iso(finding.until)}" if finding.until is not None else "")
    return f"{finding.kind}: {finding.schedule or 'all schedules'}, {span}: {finding.text}"


def _sum_up(audit: Audit, *, as_json: bool) -> None:
    if as_json:
        say_json({"runs": audit.runs, "differences": audit.differences, "decisions": dict(audit.decisions)})
        return
    counts = ", ".join(f"{count:,} {decision}" for decision, count in sorted(audit.decisions.items())) or "none"
    found = f"{audit.differences or 'no'} difference{'s' if audit.differences > 1 else ''}"
    click.echo(f"{audit.runs:,} runs were due: {counts}; {found}")
