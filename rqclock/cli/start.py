"""Whether anything in a clock file may start its clock. It is looked at, not run, and whatever is in doubt may."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ENTRIES = ("run", "main")


def may_start(file: str) -> bool:
    """False where `python FILE` would read its lines and end, with 0 and without a word."""
    path = Path(file)
    if path.with_name("__init__.py").exists():  # a module of a package: another one may import and run it
        return True
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):  # it has been loaded, so Python can read it in another way
        return True
    idle = {id(node) for node in _idle(tree)}
    return any(_starts(node) for node in ast.walk(tree) if id(node) not in idle)


def _idle(tree: ast.AST) -> Iterator[ast.AST]:
    """What is named and not called: a statement `clock.run`, and jobs, of which many are called run."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Attribute):
            yield node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "enqueue":
            yield from node.args


def _starts(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in ENTRIES
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in ENTRIES
    if isinstance(node, ast.If) and any(isinstance(one, ast.Name) and one.id == "__name__" for one in ast.walk(node)):
        return any(isinstance(one, ast.Call) for one in ast.walk(node))  # of whatever, imported from wherever
    return False
