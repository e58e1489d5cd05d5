"""What the doctor says of the web process beside a real Redis."""

from __future__ import annotations

import pytest
import redis as redis_py

from rqclock.accounts import Accounts
from rqclock.acts.activity import By
from rqclock.doctor import report
from tests.integration.doctor.conftest import Doctor

KEY = "5f0c1a" * 8
QA = {"RQCLOCK_SECRET_KEY": KEY, "RQCLOCK_ENVIRONMENT": "qa"}


def test_where_local_accounts_are_the_only_way_in_their_absence_is_a_warning(
    doctor: Doctor, redis: redis_py.Redis
) -> None:
    assert "rqclock user add" in doctor(**QA).one("accounts", "warning").remedy
    Accounts(redis, "rq").add("ann@example.org", "admin", "a long password", by=By("bob"))
    assert doctor(**QA).of("accounts") == [("ok", "1 of rqclock user")]


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"RQCLOCK_SECRET_KEY": KEY},
        QA | {"RQCLOCK_OIDC_ISSUER": "https://login.example", "RQCLOCK_OIDC_CLIENT_ID": "clock"},
    ],
    ids=["no web process", "accounts closed", "a provider beside them"],
)
def test_accounts_are_not_asked_for_where_they_are_not_the_only_way_in(
    doctor: Doctor, redis: redis_py.Redis, variables: dict[str, str]
) -> None:
    assert doctor(**variables).of("accounts") == []


def test_nothing_of_the_web_process_stops_a_deploy(doctor: Doctor, redis: redis_py.Redis) -> None:
    found = doctor(
        before_deploy=True, RQCLOCK_SECRET_KEY="x", RQCLOCK_ROLE_FOR="nodots", RQCLOCK_ALERT_WEBHOOK="https://a.example"
    )
    assert {verdict for name in ("web", "sign-in", "alert links") for verdict, _ in found.of(name)} == {"warning"}
    assert report.exit_code(found, before_deploy=True) == 0


def test_a_key_that_cannot_be_read_is_told_once_and_not_as_absent(doctor: Doctor, redis: redis_py.Redis) -> None:
    found = doctor(RQCLOCK_SECRET_KEY_FILE="/nowhere/key")
    assert "RQCLOCK_SECRET_KEY cannot be read" in found.one("settings", "failure").what
    assert found.of("web") == [("cannot tell", "its settings were not looked at")]
