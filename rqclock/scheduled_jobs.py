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
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from rqclock.errors import ConfigurationError, Problem, TimetableError, did_you_mean

KEYS = {
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


@dataclass(frozen=True)
class Entry:
    """One job of the file; `line` is where it begins."""

    name: str
    line: int
    cron: str
    path: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    queue: str | None = None
    description: str | None = None
    enabled: bool = True


def read(path: Path, shown: str) -> Iterator[Entry | Problem]:
    """The entries of a file in its order, or what is wrong with each. `shown` is how errors name the file.

    Raises TimetableError when the file is missing or is not YAML of that shape at all.
    """
    for name, node in _pairs(_root(path, shown), shown):
        line = name.start_mark.line + 1
        try:
            yield _entry(str(name.value), line, node)
        except ConfigurationError as error:
            yield Problem(shown, line, f"{name.value}: {error}")


def function(path: str) -> Callable[..., Any]:
    """What a `class:` names. Raises ConfigurationError, with the nearest name."""
    module, _, name = path.rpartition(".")
    if not module:
        raise ConfigurationError(f'class: "{path}" is no dotted path: write module.function')
    try:
        found = importlib.import_module(module)
    except ImportError as error:
        raise ConfigurationError(f'class: "{path}" cannot be imported: {error}') from None
    if not callable(getattr(found, name, None)):
        raise ConfigurationError(f'class: {module} has no function "{name}"{did_you_mean(name, dir(found))}')
    return getattr(found, name)  # type: ignore[no-any-return]


def _root(path: Path, shown: str) -> yaml.MappingNode:
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)
    except FileNotFoundError:
        raise ConfigurationError(f"{shown}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{shown} cannot be read: {error}") from None
    except yaml.MarkedYAMLError as error:
        raise TimetableError([Problem(shown, _line(error), _yaml_words(error))]) from None
    if not isinstance(root, yaml.MappingNode):
        raise TimetableError([Problem(shown, 1, "it must be names of jobs, each with its cron: and class:")])
    return root


def _line(error: yaml.MarkedYAMLError) -> int:
    mark = error.problem_mark or error.context_mark
    return mark.line + 1 if mark else 1


def _yaml_words(error: yaml.MarkedYAMLError) -> str:
    if "\\t" in str(error.problem):
        return "a tab: YAML is indented with spaces"
    return f"this is not YAML: {error.problem or error.context}"


def _pairs(root: yaml.MappingNode, shown: str) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    seen: dict[str, int] = {}
    for name, node in root.value:
        line = name.start_mark.line + 1
        if not isinstance(name, yaml.ScalarNode):
            raise TimetableError([Problem(shown, line, "the name of a job must be a text")])
        if name.value in seen:
            message = f'"{name.value}" stands in line {seen[name.value]} already: YAML would drop that one'
            raise TimetableError([Problem(shown, line, message)])
        seen[name.value] = line
        yield name, node


def _entry(name: str, line: int, node: yaml.Node) -> Entry:
    values = _values(node)
    for key in ("cron", "class"):
        if key not in values:
            raise ConfigurationError(f'it has no "{key}:"')
    args = values.get("args", ())
    options = _options(values.get("set", {}))
    return Entry(
        name=name,
        line=line,
        cron=values["cron"],
        path=values["class"],
        args=tuple(args) if isinstance(args, (list, tuple)) else (args,),
        kwargs=values.get("kwargs", {}),
        queue=options.get("queue"),
        description=values.get("description"),
        enabled=values.get("enabled_by_default", True),
    )


def _values(node: yaml.Node) -> dict[str, Any]:
    if not isinstance(node, yaml.MappingNode):
        raise ConfigurationError("below the name belong cron: and class:")
    names = [key.value for key, _ in node.value]
    doubled = next((key for key in names if names.count(key) > 1), None)
    if doubled:
        raise ConfigurationError(f'"{doubled}:" stands there twice')
    try:
        values = yaml.SafeLoader("").construct_document(node)
    except yaml.constructor.ConstructorError as error:
        raise ConfigurationError(f"only plain values are read, no tags: {error.problem}") from None
    for key, value in values.items():
        _check(key, value)
    return values  # type: ignore[no-any-return]


def _check(key: Any, value: Any) -> None:
    if key not in KEYS:
        hint = f"; write {INSTEAD[key]}" if key in INSTEAD else did_you_mean(str(key), KEYS)
        raise ConfigurationError(f'it does not know "{key}:"{hint}')
    if not isinstance(value, KEYS[key]):
        words = {str: "a text", dict: "a mapping", bool: "true or false"}
        raise ConfigurationError(f'"{key}: {value}" must be {words.get(KEYS[key], "a value")}')


def _options(options: dict[str, Any]) -> dict[str, str]:
    for key, value in options.items():
        if key == "priority":
            raise ConfigurationError('RQ knows no "set: priority": name a queue that workers read first')
        if key != "queue":
            raise ConfigurationError(
                f'"set:" does not know "{key}:"{did_you_mean(str(key), ["queue"])}; it takes queue'
            )
        if not isinstance(value, str) or not value:
            raise ConfigurationError('"set: queue:" must be the name of a queue')
    return options
