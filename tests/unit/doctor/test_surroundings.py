"""What can be told without Redis: settings, RQ's own variables, the clock file, packages, zone data."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pytest

from rqclock.doctor import clock_file, environment, packages
from rqclock.doctor.check import Check, Verdict
from rqclock.doctor.examination import examine
from rqclock.settings import Settings

FINE = {"rq": "3.0.0", "redis": "8.1.0", "rq-scheduler": "0.14.0", "rq-dashboard": "0.9.0"}


def said(checks: list[Check], verdict: Verdict) -> list[str]:
    return [check.what for check in checks if check.verdict is verdict]


def test_all_wrong_settings_are_told_at_once_and_the_others_still_hold() -> None:
    environ = {"WORKER_CONCURRENCY": "0", "RQCLOCK_LEASE": "never", "RQ_KEY_PREFIX": "mine"}
    found = environment.read(environ)
    assert len(said(list(found.checks), Verdict.FAILURE)) == 2
    assert found.settings.key_prefix == "mine"
    assert found.names_redis


def test_without_a_usable_address_redis_is_not_looked_for_anywhere_else() -> None:
    assert not environment.read({"REDIS_URL": "http://nowhere"}).names_redis
    assert not environment.read({"REDIS_TIMEOUT": "soon"}).names_redis


def test_a_misspelt_setting_is_a_warning() -> None:
    found = environment.read({"RQCLOCK_LAESE": "2"})
    assert said(list(found.checks), Verdict.WARNING) == ['RQCLOCK_LAESE is no setting; did you mean "RQCLOCK_LEASE"?']


def rq(**environ: str) -> list[Check]:
    return list(environment.rq_variables(environ, Settings.read(environ)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RQ_WORKER_CLASS", "rqclock.Wroker"),
        ("RQ_JOB_CLASS", "no.such.Job"),
        ("RQ_JOB_CLASS", "Job"),
        ("RQ_CONFIG", "rqclock.rq_setings"),
    ],
)
def test_a_class_or_module_that_rq_could_not_import_stops_a_deploy(name: str, value: str) -> None:
    [check] = rq(**{name: value})
    assert check.what.startswith(f"{name}={value} cannot be imported")
    assert check.stops_deploy


def test_those_of_the_image_can_be_imported() -> None:
    found = rq(RQ_WORKER_CLASS="rqclock.Worker", RQ_JOB_CLASS="rqclock.Job", RQ_CONFIG="rqclock.rq_settings")
    assert [str(check.verdict) for check in found] == ["ok"]


def test_workers_that_are_sent_to_another_redis_are_told_without_its_password() -> None:
    found = rq(RQ_REDIS_URL="redis://:s3cret@elsewhere:6379/0")
    [line] = said(found, Verdict.WARNING)
    assert "elsewhere:6379/0" in line
    assert "s3cret" not in line


def test_a_clock_file_that_cannot_be_used_stops_a_deploy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("clock.py").write_text('from rqclock import Clock\nclock = Clock()\nclock.every("day", at="12:99")\n')
    timetable, found = clock_file.read(Settings(), {})
    assert timetable is None
    assert all(check.stops_deploy for check in found)
    assert any(check.what.startswith("clock.py:3:") for check in found)


def test_no_clock_file_is_a_failure_only_where_one_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert [check.verdict for check in clock_file.read(Settings(), {})[1]] == [Verdict.UNKNOWN]
    named = {"RQCLOCK_FILE": "times.py"}
    assert [check.verdict for check in clock_file.read(Settings.read(named), named)[1]] == [Verdict.FAILURE]


def test_a_zone_that_the_data_lacks_is_told_with_the_nearest_name() -> None:
    found = list(clock_file.zones(["Europe/London", "Europe/Londn"], date(2026, 11, 22)))
    assert said(found, Verdict.FAILURE) == ['unknown time zone "Europe/Londn"; did you mean "Europe/London"?']


def test_old_zone_data_is_a_warning() -> None:
    assert [str(check.verdict) for check in clock_file.zones([], date(2060, 1, 1))] == ["warning"]


def test_supported_versions_are_one_line() -> None:
    assert [str(check.verdict) for check in packages.judge(FINE)] == ["ok"]


def test_another_rq_stops_a_deploy_and_another_dashboard_does_not() -> None:
    rq_4, dashboard = packages.judge({**FINE, "rq": "4.0.1", "rq-dashboard": "0.8.1"})
    assert (rq_4.what, rq_4.stops_deploy) == ("rq 4.0.1 is not supported", True)
    assert (dashboard.what, dashboard.stops_deploy) == ("rq-dashboard 0.8.1 is not supported", False)


def test_a_sentry_address_without_its_package_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(sentry_dsn="https://k@sentry.example/1")
    assert list(packages.wanted(settings)) == []
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    [found] = packages.wanted(settings)
    assert (found.verdict, found.what) == (Verdict.WARNING, "SENTRY_DSN is set, and sentry-sdk is not installed")
    assert list(packages.wanted(Settings())) == []


@pytest.mark.parametrize("before_deploy", [True, False])
def test_it_is_told_before_a_deploy_too(before_deploy: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    environ = {"SENTRY_DSN": "https://k@sentry.example/1", "REDIS_URL": "nowhere"}
    told = said(examine(environ, before_deploy=before_deploy), Verdict.WARNING)
    assert "SENTRY_DSN is set, and sentry-sdk is not installed" in told


def test_packages_that_break_rq_3_are_told() -> None:
    [found] = packages.judge({**FINE, "rq-exporter": "3.0.0"})
    assert (found.verdict, found.what) == (Verdict.WARNING, "rq-exporter 3.0.0 is installed")
