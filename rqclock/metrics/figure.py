"""A figure: what stands behind one name; and the sheet on which those of one scrape are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily
KINDS: dict[str, type[Family]] = {
    "counter": CounterMetricFamily,
    "gauge": GaugeMetricFamily,
    "histogram": HistogramMetricFamily,
}


@dataclass(frozen=True)
class Figure:
    """Name (a counter's ends in `_total`, which Prometheus's library adds), kind, help and labels."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()

    def family(self) -> Family:
        """An empty family of it."""
        return KINDS[self.kind](self.name, self.help, labels=self.labels)

    @property
    def shown(self) -> str:
        """The name as queries use it."""
        return self.name if self.kind != "counter" else self.name.removesuffix("_total") + "_total"


class Sheet:
    """What one scrape has found so far. A figure without a value has no series, and is no zero."""

    def __init__(self, figures: Iterable[Figure]) -> None:
        self._families = {figure.name: figure.family() for figure in figures}

    def put(self, figure: Figure, value: float, *labels: str) -> None:
        """A value, with its labels in the figure's order."""
        family = self._families[figure.name]
        assert not isinstance(family, HistogramMetricFamily)
        # A float here and not in Prometheus's library: what is no such number costs its part alone.
        family.add_metric([_label(one) for one in labels], float(value))

    def put_all(self, figure: Figure, values: Mapping[str, float], *labels: str) -> None:
        """A value for each value of the last label."""
        for name, value in values.items():
            self.put(figure, value, *labels, name)

    def put_buckets(self, figure: Figure, buckets: list[tuple[str, float]], total: float, *labels: str) -> None:
        """A histogram: cumulated buckets, and the sum."""
        family = self._families[figure.name]
        assert isinstance(family, HistogramMetricFamily)
        family.add_metric(labels, buckets, total)

    def __iter__(self) -> Iterator[Metric]:
        return iter(self._families.values())


def _label(value: object) -> str:
    """What no UTF-8 can hold, or is no text, would cost all figures and not only its own."""
    return str(value).encode(errors="replace").decode()
