"""Every real timetable, as a file of ours, loads; and `rqclock simulate` says of 2026 what the reference says."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rqclock.loading import load
from tests.conformance import cron_rules, rules, timetables
from tests.conformance.reference import Json, digest, in_readme, read
from tests.support.command import Rqclock, runner
from tests.support.processes import Launch

YEAR = "y2026"
RUNS_IN_2026 = 210_000  # a larger timetable's year takes seconds and is left to `bin/test conformance`
CLOCKWORK = timetables.by_project("clockwork_events")
YAML = timetables.by_project("cron_entries")
CASES = {used: case for name in ("clockwork", "cron") for case in read(name) for used in case["used_by"]}

# How many schedules of each project run in 2026 as the reference says, and how many by a rule of ours.
EXPECTED: dict[str, dict[str, int]] = {
    "apply-current": {rules.EQUAL: 36, rules.FIRST_RUN: 3, rules.SKIPPED: 1},
    "apply-2022": {rules.EQUAL: 5},
    "apply-2020": {rules.EQUAL: 10, rules.SKIPPED: 1, rules.PHASE: 1},
    "find-a-lost-trn": {rules.EQUAL: 1},
    "check-childrens-barred-list": {rules.EQUAL: 1},
    "lago-api": {rules.EQUAL: 25, rules.SKIPPED: 2},
    "computestacks": {rules.EQUAL: 18, rules.SKIPPED: 2, rules.PHASE: 2},
    "mon-suivi-justice": {rules.EQUAL: 7, rules.SKIPPED: 2},
    "boss-internship": {rules.EQUAL: 9},
    "punchclock": {rules.EQUAL: 2},
    "shikimori": {rules.EQUAL: 17},
    "feedbin": {rules.EQUAL: 2},
    "debate-summary": {rules.EQUAL: 5},
    "cafc": {rules.EQUAL: 4},
    "itt-mentor-services": {rules.EQUAL: 12, cron_rules.CADENCE: 1},
    "register-sidekiq": {rules.EQUAL: 14, cron_rules.SKIPPED: 1},
    "nhs-vaccinations-sidekiq": {rules.EQUAL: 12, cron_rules.SKIPPED: 1, cron_rules.CADENCE: 1},
    "early-careers": {rules.EQUAL: 8, cron_rules.SKIPPED: 1, cron_rules.CADENCE: 2},
    "email-alert-api": {rules.EQUAL: 3},
    "register-goodjob": {rules.EQUAL: 11, cron_rules.SKIPPED: 1},
    "nhs-vaccinations-goodjob": {rules.EQUAL: 10, cron_rules.SKIPPED: 1},
    "collectif-objets": {rules.EQUAL: 5, cron_rules.CADENCE: 1},
    "final-furlong": {rules.EQUAL: 14, cron_rules.SKIPPED: 2, cron_rules.CADENCE: 1},
    "open311status": {rules.EQUAL: 1},
    "apply-recurring": {cron_rules.CADENCE: 1},
    "early-careers-older": {rules.EQUAL: 1, cron_rules.CADENCE: 1},
    "whitehall": {rules.EQUAL: 2},
    "data-submission": {rules.EQUAL: 1},
    "roombooking": {rules.EQUAL: 2},
    "social-housing": {rules.EQUAL: 2},
    "chatwoot": {rules.EQUAL: 5, cron_rules.SKIPPED: 1},
}


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def spans(item: Json) -> Json:
    """The reference's windows of an event or entry; none of sidekiq-scheduler's intervals: they count from a start."""
    case = CASES.get(item["id"], {})
    found: Json = case.get("spans") or case.get("windows") or {}
    return found


def with_window(items: list[Json], window: str) -> list[Json]:
    return [item for item in items if window in spans(item)]


def runs_a_year(items: Iterable[Json]) -> int:
    years = [spans(item).get(YEAR, {}) for item in items]
    return sum(year["v3"]["count"] if "v3" in year else year["answers"][0]["count"] for year in years if year)


PROJECTS = CLOCKWORK | YAML
YEARS = [
    pytest.param(name, marks=[pytest.mark.slow] if runs_a_year(items) > RUNS_IN_2026 else [])
    for name, items in PROJECTS.items()
]
WINDOWS = [
    (name, window)
    for name, items in PROJECTS.items()
    for window in sorted({window for item in items if YEAR not in spans(item) for window in spans(item)})
    if "2026" in window
]


def write(folder: Path, items: list[Json]) -> None:
    if "period" in items[0]:
        (folder / "clock.py").write_text(timetables.clock_file(items))
        return
    (folder / "clock.py").write_text(timetables.LOADS)
    (folder / "scheduled_jobs.yml").write_text(timetables.yaml_file(items))


def by_name(lines: Iterable[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for line in lines:
        run = json.loads(line)
        found.setdefault(run["schedule"], []).append(seconds(run["tick"]))
    return found


def rule_of(item: Json, window: str, runs: list[int]) -> str:
    """The rule under which these runs are the reference's: clockwork 4's, or Fugit's. A failure when there is none."""
    case, span = CASES[item["id"]], spans(item)[window]
    if "period" in item:
        if digest(runs) == span.get("v4", span["v3"])["sha256"]:
            return rules.EQUAL
        assert runs == rules.ours(case, span), item["id"]
        return rules.explain(case, span, "v4")
    ours = cron_rules.our_answer(case, span)
    assert digest(runs) == ours["sha256"], item["id"]
    fugit = next(answer for answer in span["answers"] if "fugit" in answer["by"])
    return ", ".join(sorted(cron_rules.rules_between(case, ours, fugit)))


def compared(items: list[Json], window: str, lines: Iterable[str]) -> dict[str, int]:
    """How many schedules ran as the reference says, and how many differ, by rule."""
    found, named = by_name(lines), timetables.names(items)
    assert set(found) <= set(named.values())
    return dict(Counter(rule_of(item, window, found.get(named[item["id"]], [])) for item in items))


@pytest.fixture
def rqclock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Rqclock:
    monkeypatch.chdir(tmp_path)
    return runner(monkeypatch, capsys)


@pytest.mark.parametrize("project", PROJECTS)
def test_it_loads_with_every_line(project: str, rqclock: Rqclock, tmp_path: Path) -> None:
    write(tmp_path, PROJECTS[project])
    assert [schedule.name for schedule in load("clock.py").schedules] == [*timetables.names(PROJECTS[project]).values()]


@pytest.mark.parametrize("project", YEARS)
def test_simulate_says_of_2026_what_the_reference_says(project: str, rqclock: Rqclock, tmp_path: Path) -> None:
    items = with_window(PROJECTS[project], YEAR)
    write(tmp_path, items)
    result = rqclock("simulate", "--json", "--from", "2026-01-01", "--to", "2027-01-01")
    assert (result.code, result.err) == (0, "")
    assert compared(items, YEAR, result.out.splitlines()) == EXPECTED[project]


@pytest.mark.parametrize(("project", "window"), WINDOWS)
def test_what_has_no_year_agrees_around_the_clock_changes(
    project: str, window: str, rqclock: Rqclock, tmp_path: Path
) -> None:
    items = [item for item in with_window(PROJECTS[project], window) if YEAR not in spans(item)]
    write(tmp_path, items)
    span = spans(items[0])[window]
    edges = [span.get(name, span.get(f"rec_{name}")) for name in ("from", "to")]
    start, end = (datetime.fromtimestamp(edge, UTC).isoformat() for edge in edges)
    result = rqclock("simulate", "--json", "--from", start, "--to", end)
    assert result.code == 0
    assert compared(items, window, result.out.splitlines()) == {rules.EQUAL: len(items)}


def test_intervals_that_their_library_counts_from_its_start_keep_their_distance(
    rqclock: Rqclock, tmp_path: Path
) -> None:
    items = [item for item in YAML["email-alert-api"] if item["kind"] == "interval"]
    write(tmp_path, items)
    found = by_name(rqclock("simulate", "--json", "--from", "2026-03-28", "--to", "2026-03-31").out.splitlines())
    lengths = {"1h": 3600, "30m": 1800, "15m": 900, "1m": 60}
    for item in items:
        runs = found[item["name"]]
        assert {later - earlier for earlier, later in itertools.pairwise(runs)} == {lengths[item["every"]]}


@pytest.mark.parametrize("project", ["find-a-lost-trn", "itt-mentor-services", "final-furlong"])
def test_the_command_itself_says_so(project: str, launch: Launch, tmp_path: Path) -> None:
    items = with_window(PROJECTS[project], YEAR)
    write(tmp_path, items)
    arguments = ("simulate", "--json", "--from", "2026-01-01", "--to", "2027-01-01")
    process = launch("python", "-m", "rqclock", *arguments, cwd=tmp_path)
    assert process.wait(60) == 0
    assert compared(items, YEAR, process.output.splitlines()) == EXPECTED[project]


@pytest.mark.parametrize("kind", [CLOCKWORK, YAML], ids=["clockwork", "yaml"])
def test_the_readme_states_these_counts(kind: dict[str, list[Json]]) -> None:
    total: Counter[str] = Counter()
    for project in kind:
        total.update(EXPECTED[project])
    equal = total.pop(rules.EQUAL)
    what = "clockwork files" if kind is CLOCKWORK else "YAML files of cron lines and phrases"
    schedules = sum(map(len, kind.values()))
    assert in_readme(f"| {len(kind)} {what} | {schedules} | {equal} | {total.total()} |")
