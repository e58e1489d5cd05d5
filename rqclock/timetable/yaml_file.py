"""A YAML file read with its lines, as plain values only: no tag makes an object, and no key stands twice unseen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from rqclock.errors import ConfigurationError, Problem, TimetableError


class Unreadable(ConfigurationError):
    """A value that is none for us, at its line."""

    def __init__(self, line: int, words: str) -> None:
        super().__init__(words)
        self.line = line


def compose(path: Path, shown: str) -> yaml.Node | None:
    """The file's one document; None if there is nothing in it. `shown` is how errors name the file.

    Raises ConfigurationError when it cannot be read, and TimetableError, with the line, when it is not YAML.
    """
    try:
        return yaml.compose(path.read_text(encoding="utf-8-sig"), yaml.SafeLoader)
    except FileNotFoundError:
        raise ConfigurationError(f"{shown}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{shown} cannot be read: {error}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise TimetableError([Problem(shown, mark.line + 1 if mark else 1, _words(error))]) from None
    except yaml.YAMLError as error:  # a character that YAML has no place for
        raise TimetableError([Problem(shown, 1, f"this is not YAML: {' '.join(str(error).split())}")]) from None


def line(node: yaml.Node) -> int:
    """Where a node begins."""
    return int(node.start_mark.line) + 1


def value(node: yaml.Node) -> Any:
    """What the node says, merges (`<<`) and aliases resolved. Raises Unreadable for a tag, such as Python's."""
    try:
        return yaml.SafeLoader("").construct_document(node)
    except yaml.constructor.ConstructorError as error:
        mark = error.problem_mark or node.start_mark
        problem = str(error.problem)
        if "constructor for the tag" in problem:
            problem = f"the tag {problem.rpartition(' ')[2]} is refused: only plain values are read"
        raise Unreadable(int(mark.line) + 1, problem) from None
    except ValueError as error:  # 2026-02-30 has the form of a date
        raise Unreadable(line(node), f"a value cannot be read: {error}") from None


def doubled(node: yaml.Node | None, seen: set[int] | None = None) -> Iterator[tuple[int, str, int]]:
    """Every key that stands twice in one mapping: line, key, and the line before, which YAML would drop.

    To be asked before `value`, which writes merged keys into the nodes.
    """
    seen = set() if seen is None else seen
    if node is None or isinstance(node, yaml.ScalarNode) or id(node) in seen:
        return
    seen.add(id(node))  # an alias is its anchor's own node, and may stand inside of it
    keys: dict[str, int] = {}
    for part in node.value:
        key, below = part if isinstance(part, tuple) else (None, part)
        if isinstance(key, yaml.ScalarNode):
            if key.value in keys:
                yield line(key), key.value, keys[key.value]
            keys.setdefault(key.value, line(key))
        yield from doubled(below, seen)


def _words(error: yaml.MarkedYAMLError) -> str:
    if "\\t" in str(error.problem):
        return "a tab: YAML is indented with spaces"
    return f"this is not YAML: {', '.join(str(part) for part in (error.context, error.problem) if part)}"
