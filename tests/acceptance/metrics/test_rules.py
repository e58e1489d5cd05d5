"""What Prometheus's own tool says of the alerts and of the dashboard's queries."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.support import monitoring
from tests.support.processes import Launch

pytestmark = pytest.mark.needs("promtool")


def test_the_alerts_are_valid_and_each_fires_when_it_should(launch: Launch) -> None:
    for arguments in (("check", "rules", "alerts.yml"), ("test", "rules", "alerts.test.yml")):
        tool = launch("promtool", *arguments, cwd=monitoring.FOLDER)
        assert tool.wait(60) == 0, tool.output
        assert "SUCCESS" in tool.output


def test_the_scrape_configuration_is_valid(launch: Launch) -> None:
    tool = launch("promtool", "check", "config", "--syntax-only", "prometheus.yml", cwd=monitoring.FOLDER)
    assert tool.wait(60) == 0, tool.output


def test_prometheus_understands_each_query_of_the_dashboard(launch: Launch, tmp_path: Path) -> None:
    queries = monitoring.queries(monitoring.dashboard())
    rules = [{"record": f"query:{n}", "expr": query} for n, query in enumerate(queries)]
    (tmp_path / "queries.yml").write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    tool = launch("promtool", "check", "rules", "queries.yml", cwd=tmp_path)
    assert tool.wait(60) == 0, tool.output
    assert f"SUCCESS: {len(queries)} rules found" in tool.output
