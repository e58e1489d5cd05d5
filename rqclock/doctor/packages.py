"""Installed versions: those that rqclock was tested with, and packages that are known to break RQ 3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from rqclock.doctor.check import Check, failure, ok, warning
from rqclock.settings import Settings

SUPPORTED = {
    "rq": ("3.0.", "the clock writes jobs as this line of RQ does; with another it may refuse its schedules"),
    "redis": ("8.", "answers, errors and options of the client change between its major versions"),
    "rq-scheduler": ("0.14.", "its records are read, and its one-off jobs are moved"),
    "rq-dashboard": ("0.9.", "its endpoints are denied until they were looked at, one by one"),
}  # fmt: skip
BROKEN = {
    "rq-exporter": "it was made for an older RQ and breaks with RQ 3; /metrics of rqclock has such figures",
    "opentelemetry-instrumentation-rq": "it was made for an older RQ and breaks with RQ 3",
}


def installed() -> dict[str, str]:
    """The versions of all packages above that are here."""
    found = {}
    for name in (*SUPPORTED, *BROKEN):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def judge(found: Mapping[str, str]) -> Iterator[Check]:
    """One line for each that is not as it must be, else one for all."""
    wrong = [*_unsupported(found), *_broken(found)]
    yield from wrong
    if not wrong:
        yield ok("packages", ", ".join(f"{name} {found[name]}" for name in SUPPORTED))


def wanted(settings: Settings) -> Iterator[Check]:
    """What a setting needs and nobody has installed."""
    if settings.sentry_dsn and find_spec("sentry_sdk") is None:
        yield warning(
            "packages",
            "SENTRY_DSN is set, and sentry-sdk is not installed",
            why="no error is sent: each process says so in one line at its start, and goes on",
            remedy='pip install "rqclock[sentry]"; it is in requirements.lock',
        )


def _unsupported(found: Mapping[str, str]) -> Iterator[Check]:
    for name, (line, why) in SUPPORTED.items():
        there = found.get(name, "")
        if not there.startswith(line):
            yield failure(
                "packages",
                f"{name} {there} is not supported" if there else f"{name} is not installed",
                why=why,
                remedy=f'pip install "{name}=={line}*"',
                stops_deploy=name == "rq",
            )


def _broken(found: Mapping[str, str]) -> Iterator[Check]:
    for name, why in BROKEN.items():
        if name in found:
            yield warning("packages", f"{name} {found[name]} is installed", why=why, remedy=f"pip uninstall {name}")
