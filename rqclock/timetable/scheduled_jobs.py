"""GoodJob's file of scheduled jobs, read strictly: `clock.load("config/scheduled_jobs.yml")`.

nightly_sync:
  cron: "15 0 * * * Europe/London"     # or a phrase such as "every day at 5am"
  class: workers.sync.everything       # the dotted path of a function
  args: [1]                            # or one value; kwargs: {full: true}
  set: {queue: slow}
  description: Copies all providers
  enabled_by_default: true
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from rqclock.errors import ConfigurationError, Problem, TimetableError, did_you_mean
from rqclock.timetable import yaml_file

KEYS: Mapping[str, type[Any]] = {
    "cron": str,
    "class": str,
    "args": object,
    "kwargs": dict,
    "set": dict,
    "description": str,
    "enabled_by_default": bool,
}
INSTEAD = {
    "queue": "set: {queue: …}",
    "queue_name": "set: {queue: …}",
    "every": 'cron: "every …"',
    "enabled": "enabled_by_default",
    "active": "enabled_by_default",
    "status": "enabled_by_default",
    "timezone": 'a zone at the end of the cron text ("15 0 * * * Europe/London")',
    "schedule": "cron",
    "job": "class",
}
OFF = ": to switch the job off, write enabled_by_default: false"
REQUIRED = ("cron", "class")
WORDS = {str: "a text", dict: "a mapping", bool: "true or false"}
EMPTY = "it must be names of jobs, each with its cron: and class:"


@dataclass(frozen=True)
class Entry:
    """One job of the file. `lines` says where its keys stand; "" is its name."""

    name: str
    file: str
    lines: dict[str, int]
    cron: str
    path: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    queue: str | None = None
    description: str | None = None
    enabled: bool = True

    def place(self, *keys: str) -> tuple[str, int]:
        """File and line of the first of these keys that is there, else of the name."""
        return self.file, next((self.lines[key] for key in (*keys, "") if key in self.lines), 1)


def read(path: Path, shown: str) -> Iterator[Entry | Problem]:
    """The entries of a file in its order, and what is wrong with it. `shown` is how errors name the file.

    Raises ConfigurationError when the file is missing, and TimetableError when it is not YAML of that shape at all.
    """
    root = yaml_file.compose(path, shown)
    if not isinstance(root, yaml.MappingNode):
        raise TimetableError([Problem(shown, 1, f"{'nothing is in this file: ' if root is None else ''}{EMPTY}")])
    twice = list(yaml_file.doubled(root))
    for at, key, first in twice:
        yield Problem(shown, at, f'"{key}:" stands in line {first} already: YAML would drop that one')
    told = {at for at, _, _ in twice}
    for name, node in root.value:
        if yaml_file.line(name) not in told:
            yield from _entry(name, node, shown)


def function(path: str) -> Callable[..., Any]:
    """What a `class:` names. Raises ConfigurationError, with the nearest name."""
    module, _, rest = path.partition(".")
    if not rest or not all(part.isidentifier() for part in path.split(".")):
        raise ConfigurationError(f'class: "{path}" is no dotted path of a Python function: write module.function')
    found: Any = _module(path, module)
    for name in rest.split("."):
        module += f".{name}"
        inside = getattr(found, name, None)
        if inside is None and isinstance(found, ModuleType):
            inside = _module(path, module, beside=found, name=name)
        found = inside
    if isinstance(found, ModuleType) or not callable(found):
        kind = "a module" if isinstance(found, ModuleType) else "a value"
        raise ConfigurationError(f'class: "{path}" is {kind}: name a function')
    return found  # type: ignore[no-any-return]


def _module(path: str, module: str, *, beside: ModuleType | None = None, name: str = "") -> ModuleType:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if beside is not None and error.name == module:
            hint = did_you_mean(name, dir(beside))
            raise ConfigurationError(f'class: {beside.__name__} has no function "{name}"{hint}') from None
        raise ConfigurationError(f'class: "{path}" cannot be imported: {error}') from None
    except Exception as error:  # a module of theirs may raise anything while it is imported
        raise ConfigurationError(
            f'class: "{path}" cannot be imported: {type(error).__name__} in {module}: {error}'
        ) from None


def _entry(name: yaml.Node, node: yaml.Node, shown: str) -> Iterator[Entry | Problem]:
    """The entry, as far as it can be read, and what is wrong with it."""
    if not isinstance(name, yaml.ScalarNode):
        yield Problem(shown, yaml_file.line(name), "the name of a job must be a text")
        return
    if not isinstance(node, yaml.MappingNode):
        yield Problem(shown, yaml_file.line(name), f"{name.value}: below the name belong cron: and class:")
        return
    try:
        values = yaml_file.value(node)
    except yaml_file.Unreadable as error:
        yield Problem(shown, error.line, f"{name.value}: {error}")
        return
    lines = {str(key.value): yaml_file.line(key) for key, _ in node.value} | {"": yaml_file.line(name)}
    refused = list(_refusals(values))
    for key, text in refused:
        yield Problem(shown, lines.get(str(key), lines[""]), f"{name.value}: {text}")
    good = {key: value for key, value in values.items() if key in KEYS and key not in dict(refused)}
    if all(key in good for key in REQUIRED):  # what else is wrong with it is told too
        yield _read(name.value, shown, lines, good)


def _read(name: str, shown: str, lines: dict[str, int], values: dict[str, Any]) -> Entry:
    args = values.get("args", [])
    return Entry(
        name=name,
        file=shown,
        lines=lines,
        cron=values["cron"],
        path=values["class"],
        args=tuple(args) if isinstance(args, list) else (args,),
        kwargs=values.get("kwargs", {}),
        queue=values.get("set", {}).get("queue"),
        description=values.get("description"),
        enabled=values.get("enabled_by_default", True),
    )


def _refusals(values: dict[Any, Any]) -> Iterator[tuple[Any, str]]:
    """The keys of an entry that cannot be used, each with the reason."""
    for key in REQUIRED:
        if key not in values:
            yield "", f'it has no "{key}:"'
    for key, value in values.items():
        if key not in KEYS:
            hint = f"; write {INSTEAD[key]}" if key in INSTEAD else did_you_mean(str(key).lstrip(":"), KEYS)
            yield key, f'it does not know "{key}:"{hint}'
        elif not isinstance(value, KEYS[key]):
            yield key, _wrong_type(key, value)
        elif key == "set":
            yield from ((key, reason) for reason in _wrong_options(value))
        elif key in REQUIRED and not value.strip():
            yield key, f'"{key}:" is empty{OFF if key == "cron" else ""}'


def _wrong_type(key: str, value: Any) -> str:
    words = WORDS.get(KEYS[key], "a value")
    if value is None:
        return f'"{key}:" is empty: it must be {words}'
    return f'"{key}: {value}" must be {words}' + (", in quotes" if KEYS[key] is str else "")


def _wrong_options(options: dict[Any, Any]) -> Iterator[str]:
    for key, value in options.items():
        if key == "priority":
            yield 'RQ knows no "set: priority": name a queue that workers read first'
        elif key != "queue":
            yield f'"set:" takes queue alone, it does not know "{key}:"{did_you_mean(str(key), ["queue"])}'
        elif not isinstance(value, str) or not value.strip():
            yield f'"set: queue: {value}" must be the name of a queue'
