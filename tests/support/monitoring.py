"""The files of deploy/monitoring, as data: which queries they ask, which names those use."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "deploy" / "monitoring"
NAME = re.compile(r"\brqclock_[a-z_]+")
# What Grafana puts in their place.
VARIABLES = {"$__rate_interval": "1m", "$__range_s": "3600", "$__range": "1h", "$__interval": "1m", "$clock": ".*"}


def alerts() -> list[dict[str, Any]]:
    """The rules of alerts.yml."""
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def alert_tests() -> list[dict[str, Any]]:
    """What alerts.test.yml asks of each alert."""
    tests = yaml.safe_load((FOLDER / "alerts.test.yml").read_text(encoding="utf-8"))["tests"]
    return [one for test in tests for one in test["alert_rule_test"]]


def dashboard() -> dict[str, Any]:
    return dict(json.loads((FOLDER / "grafana" / "dashboards" / "rqclock.json").read_text(encoding="utf-8")))


def queries(board: dict[str, Any]) -> list[str]:
    """Every query of the dashboard, as Grafana would send it."""
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    asked += [one["expr"] for one in board["annotations"]["list"]]
    return [_filled(query) for query in asked]


def names(query: str) -> set[str]:
    """The metrics that a query uses."""
    return set(NAME.findall(query))


def _filled(query: str) -> str:
    for name, value in VARIABLES.items():
        query = query.replace(name, value)
    return query
