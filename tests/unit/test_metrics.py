"""Names, helps and sums of the figures; and that dashboard, alerts and documentation know them by these names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rqclock.metrics.collector import FIGURES
from rqclock.metrics.figure import Figure, Sheet
from rqclock.running.health import Metrics
from rqclock.running.pulse import Pulse
from rqclock.store.ledger import Verdict
from rqclock.store.totals import DURATIONS, LATENESS, bucket, histogram, of_an_end
from tests.support import monitoring
from tests.support.tables import cells

UNITS = ("_seconds", "_bytes")
CODE_WORDS = re.compile(r"\b(ticks?|ledger|lease|reaper|janitor|gap|fold(ed)?|cursor)\b", re.IGNORECASE)
LABELS = {"clock", "schedule", "decision", "outcome", "queue", "state", "part"}


def own_names(tmp_path: Path) -> set[str]:
    """The families that a clock process adds, those that every Python process has left out."""
    metrics = Metrics(Pulse(tmp_path / "alive"), leading=lambda: True)
    metrics.count([Verdict("enqueued", "")])
    samples = {sample.name for family in metrics.registry.collect() for sample in family.samples}
    return {name for name in samples if not name.startswith("process_")}


def shown(figure: Figure) -> set[str]:
    """The names of a figure's samples."""
    if figure.kind == "histogram":
        return {f"{figure.name}_{part}" for part in ("bucket", "sum", "count")}
    return {figure.shown}


@pytest.fixture
def exposed(tmp_path: Path) -> set[str]:
    return own_names(tmp_path).union(*map(shown, FIGURES))


# --- names


def test_every_figure_has_a_name_of_its_own_also_beside_those_of_a_clock_process(tmp_path: Path) -> None:
    names = [figure.name for figure in FIGURES]
    assert len(set(names)) == len(names)
    assert not own_names(tmp_path) & {name for figure in FIGURES for name in shown(figure)}


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_names_follow_the_conventions_of_prometheus(figure: Figure) -> None:
    assert re.fullmatch(r"rqclock_[a-z]+(_[a-z]+)*", figure.name)
    assert figure.shown.endswith("_total") == (figure.kind == "counter")
    assert figure.kind != "histogram" or figure.name.endswith(UNITS)
    assert set(figure.labels) <= LABELS and not re.search(r"milliseconds|minutes|hours|_ms|kilobytes|_mb", figure.name)


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_helps_are_sentences_in_peoples_words(figure: Figure) -> None:
    assert figure.help.endswith(".") and not CODE_WORDS.search(figure.help), figure.help


def test_a_figure_without_a_value_has_no_series() -> None:
    assert all(not family.samples for family in Sheet(FIGURES))


# --- sums


def test_a_value_at_a_bound_belongs_to_its_bucket() -> None:
    assert [bucket(value, LATENESS) for value in (0, 5, 6, 600_000, 600_001)] == ["5", "5", "10", "600000", "more"]


def test_a_histogram_is_cumulated_and_in_seconds() -> None:
    buckets, total = histogram({"took:10": 2, "took:500": 1, "took:more": 1, "took:sum": 20_000_500}, "took", DURATIONS)
    found = dict(buckets)
    assert (found["0.01"], found["0.1"], found["0.5"], found["14400.0"], found["+Inf"]) == (2, 2, 3, 3, 4)
    assert list(found.values()) == sorted(found.values()) and total == 20_000.5


def test_an_end_without_known_times_counts_as_an_end_and_as_no_duration() -> None:
    assert of_an_end("unknown", "tick", took=None, retries=0) == {"ends:unknown": 1, "ends:unknown:tick": 1}
    assert of_an_end("failed", "tick", took=-0.5, retries=2) == {
        "ends:failed": 1,
        "ends:failed:tick": 1,
        "retries": 2,
        "took:10": 1,
    }


def test_what_was_decided_elsewhere_is_not_this_processs_decision(tmp_path: Path) -> None:
    metrics = Metrics(Pulse(tmp_path / "alive"), leading=lambda: True)
    metrics.count([Verdict("enqueued", ""), Verdict("decided", "5"), Verdict("stuck", "why")])
    counted = {
        sample.labels["decision"]: sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "rqclock_process_runs_total"
    }
    assert counted == {"enqueued": 1}


# --- who uses the names


def test_dashboard_and_alerts_use_only_names_that_are_exposed(exposed: set[str]) -> None:
    queries = monitoring.queries(monitoring.dashboard()) + [rule["expr"] for rule in monitoring.alerts()]
    used = set[str]().union(*map(monitoring.names, queries))
    assert used <= exposed, used - exposed
    assert len(used) > 25


def test_an_alert_says_what_it_means_and_where_the_runbook_speaks_of_it() -> None:
    rules = monitoring.alerts()
    assert len({rule["alert"] for rule in rules}) == len(rules) > 10
    for rule in rules:
        notes = rule["annotations"]
        assert set(notes) == {"summary", "description", "runbook"}, rule["alert"]
        assert notes["runbook"] == f"deploy/README.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert not CODE_WORDS.search(notes["summary"] + notes["description"]), rule["alert"]


def test_every_alert_is_tested_to_fire_and_to_be_quiet() -> None:
    tests = monitoring.alert_tests()
    named = {rule["alert"] for rule in monitoring.alerts()}
    assert {one["alertname"] for one in tests if one["exp_alerts"]} == named
    assert {one["alertname"] for one in tests if not one["exp_alerts"]} == named


def test_queries_are_the_same_however_many_processes_are_scraped() -> None:
    """All show the same figures of the system: a sum over instances would count them twice."""
    queries = monitoring.queries(monitoring.dashboard()) + [rule["expr"] for rule in monitoring.alerts()]
    for query in queries:
        inner = re.findall(r"(\w+)(?: by \([a-z, ]+\))? ?\(\s*(?:increase|rate|delta)?\(?rqclock_", query)
        assert set(inner) <= {"max", "min", "absent"}, query


def test_the_panels_of_the_dashboard_have_their_own_places() -> None:
    board = monitoring.dashboard()
    taken: dict[tuple[int, int], str] = {}
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24 and panel["title"] and panel["description"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, f"{panel['title']} lies upon {taken[x, y]}"
                taken[x, y] = panel["title"]
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_the_documented_table_names_each_figure_with_its_kind_and_labels(tmp_path: Path) -> None:
    documented = {
        name: rest.split(" | ")[:2]
        for name, rest in cells("Metrics", page="docs/metrics.md")
        if name.startswith("rqclock_")
    }
    figures = {figure.shown: [figure.kind, ", ".join(figure.labels)] for figure in FIGURES}
    assert {name: row for name, row in documented.items() if name in figures} == figures
    assert set(documented) - set(figures) == own_names(tmp_path)
