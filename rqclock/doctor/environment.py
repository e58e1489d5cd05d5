"""The environment that all processes share: the settings, and what RQ itself reads there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from importlib import import_module
from importlib.util import find_spec

from rqclock.alerts.channels import channels_of
from rqclock.doctor.check import Check, failure, ok, warning
from rqclock.errors import ConfigurationError
from rqclock.settings import Settings
from rqclock.settings.redis_address import RedisAddress
from rqclock.settings.table import unknown

CLASSES = ("RQ_WORKER_CLASS", "RQ_JOB_CLASS")
SILENT = "every process reads the same variables and refuses to start while one of them is wrong"


@dataclass(frozen=True)
class Environment:
    """`settings` are those that can be read. `broken` are the names of variables that cannot."""

    settings: Settings
    broken: tuple[str, ...]
    checks: tuple[Check, ...]

    @property
    def names_redis(self) -> bool:
        """Whether the settings say where Redis is, and how to get in."""
        return not any(name.startswith(("REDIS_", "RQ_KEY_PREFIX")) for name in self.broken)


def read(environ: Mapping[str, str]) -> Environment:
    """The settings, without those that cannot be used, and what is wrong with those."""
    try:
        settings = Settings.read(environ)
    except ConfigurationError as error:
        lines = str(error).splitlines()
        broken = tuple(dict.fromkeys(line.split()[0].rstrip(":") for line in lines))
        rest = {name: text for name, text in environ.items() if name.removesuffix("_FILE") not in _plain(broken)}
        return Environment(Settings.read(rest), broken, (*map(_wrong, lines), *_strange(environ)))
    try:
        channels_of(settings)
    except ConfigurationError as error:
        return Environment(settings, (), (*map(_wrong, str(error).splitlines()), *_strange(environ)))
    fine = ok("settings", f"{_set(environ)} set, all of them can be read")
    return Environment(settings, (), (fine, *_strange(environ)))


def _plain(names: tuple[str, ...]) -> set[str]:
    return {name.removesuffix("_FILE") for name in names}


def _strange(environ: Mapping[str, str]) -> Iterator[Check]:
    for line in unknown(environ):
        why = "a setting with a typing error has no effect, and nobody is told"
        yield warning("settings", line, why=why, remedy="correct the name, or unset it")


def _wrong(line: str) -> Check:
    return failure("settings", line, why=SILENT, remedy="set it right; `rqclock settings` explains every variable")


def _set(environ: Mapping[str, str]) -> str:
    known = {setting.metadata["name"] for setting in fields(Settings)}
    count = sum(1 for name in known if environ.get(name) or environ.get(f"{name}_FILE"))
    return f"{count} variable" if count == 1 else f"{count} variables"


def rq_variables(environ: Mapping[str, str], settings: Settings) -> Iterator[Check]:
    """What stock `rq worker` reads besides: classes that must be importable, and another Redis."""
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # as `rq worker` looks where it was started
    named = [name for name in (*CLASSES, "RQ_CONFIG") if environ.get(name)]
    wrong = [check for name in named if (check := _unimportable(name, environ[name]))]
    yield from wrong
    if not wrong:
        names = ", ".join(f"{name}={environ[name]}" for name in named)
        yield ok("rq variables", f"{names}: importable" if named else "none set: the worker's line names its classes")
    yield from _elsewhere(environ, settings)


def _unimportable(name: str, path: str) -> Check | None:
    try:
        if name in CLASSES:
            module, _, attribute = path.rpartition(".")
            getattr(import_module(module), attribute)
        elif find_spec(path) is None:
            raise ImportError(f"no module named {path!r}")
    except Exception as error:  # a module of the application may raise anything while it is imported
        return failure(
            "rq variables",
            f"{name}={path} cannot be imported: {error}",
            why="`rq worker` ends at its start, and nothing runs",
            remedy=f"correct {name}, or unset it and name the class on the worker's line",
        )
    return None


def _elsewhere(environ: Mapping[str, str], settings: Settings) -> Iterator[Check]:
    other = environ.get("RQ_REDIS_URL", "")
    if other and other != settings.redis_url:
        yield warning(
            "rq variables",
            f"RQ_REDIS_URL names {_shown(other)}, REDIS_URL names {settings.redis.shown}",
            why="`rq worker` prefers RQ_REDIS_URL, so it takes jobs from another Redis than the clock queues them in",
            remedy="unset RQ_REDIS_URL: with RQ_CONFIG=rqclock.rq_settings workers read REDIS_URL",
        )


def _shown(url: str) -> str:
    try:
        return RedisAddress.of(url).shown
    except ValueError:
        return "something that cannot be read"
