"""The alerts as Prometheus's operator takes them: one file, made of deploy/monitoring/alerts.yml and never by hand.

`bin/proof --rules` writes it anew; `bin/proof prometheus` and a test say when somebody has forgotten to.
"""

from __future__ import annotations

from deploy.proof.running import DEPLOY

ALERTS = DEPLOY / "monitoring/alerts.yml"
RULES = DEPLOY / "kubernetes/components/monitoring/rules.yaml"
HEAD = """\
# Made of ../../../monitoring/alerts.yml by `bin/proof --rules`: change that file, and run this.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: rqclock
spec:
"""


def wrapped(alerts: str) -> str:
    """The object that holds those groups. Lines are moved and never parsed, so that comments and breaks stay."""
    return HEAD + "".join(f"  {line}" if line.strip() else line for line in alerts.splitlines(keepends=True))


def write() -> None:
    RULES.write_text(wrapped(ALERTS.read_text()))
    print(f"written: {RULES.relative_to(DEPLOY.parent)}")


def are_current() -> bool:
    return RULES.read_text() == wrapped(ALERTS.read_text())
