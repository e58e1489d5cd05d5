"""What a scrape brings, read as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.request import Request, urlopen

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from rqclock.metrics import Collector


class Scrape:
    """The samples of one scrape; those of histograms by their own names (`…_bucket`, `…_sum`, `…_count`)."""

    def __init__(self, text: str) -> None:
        self._samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    @classmethod
    def of(cls, collector: Collector) -> Scrape:
        """What this collector brings now."""
        registry = CollectorRegistry()
        registry.register(collector)
        return cls(generate_latest(registry).decode())

    @classmethod
    def at(cls, address: str, *, token: str = "") -> Scrape:
        """What this address answers."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        with urlopen(Request(address, headers=headers), timeout=10) as answer:
            return cls(answer.read().decode())

    @property
    def names(self) -> set[str]:
        return {sample.name for sample in self._samples}

    def value(self, name: str, **labels: str) -> float | None:
        """The one sample with these labels, whatever others it has; None where there is none."""
        found = [sample.value for sample in self._samples if sample.name == name and _has(sample.labels, labels)]
        assert len(found) < 2, f"{name}{labels} stands for {len(found)} samples"
        return found[0] if found else None

    def by(self, name: str, label: str, **labels: str) -> dict[str, float]:
        """Value by value of a label; zeros left out."""
        found = (sample for sample in self._samples if sample.name == name and _has(sample.labels, labels))
        return {sample.labels[label]: sample.value for sample in found if sample.value}

    def series(self, names: Iterable[str]) -> int:
        """How many series these names have together."""
        wanted = set(names)
        return sum(sample.name in wanted for sample in self._samples)


def _has(labels: dict[str, Any], wanted: dict[str, str]) -> bool:
    return all(labels.get(name) == value for name, value in wanted.items())
