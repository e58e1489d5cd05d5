"""What the doctor says of the web process's settings; and that a deployment without one has nothing wrong."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import yaml

from rqclock.doctor import console, report
from rqclock.doctor.check import Check, Verdict
from rqclock.settings import Settings
from tests.unit.deploy.places import DEPLOY, ROOT

KEY = "5f0c1a" * 8
OPENID = Settings(secret_key=KEY, oidc_issuer="https://login.example/v2.0", oidc_client_id="clock")
HOOK = "https://hooks.example/T0"


def told(settings: Settings) -> dict[str, list[tuple[str, str]]]:
    """Verdict and `what` of each check, by its name."""
    found: dict[str, list[tuple[str, str]]] = {}
    for check in judged(settings):
        found.setdefault(check.name, []).append((str(check.verdict), check.what))
    return found


def judged(settings: Settings) -> list[Check]:
    return list(console.judge(settings))


def one(settings: Settings, verdict: Verdict) -> Check:
    [found] = [check for check in judged(settings) if check.verdict is verdict]
    return found


def test_a_deployment_without_a_web_process_has_nothing_wrong() -> None:
    found = judged(Settings(alert_webhook=HOOK))
    assert report.exit_code(found) == 0
    assert [(check.name, str(check.verdict)) for check in found] == [
        ("web", "cannot tell"),
        ("alert links", "cannot tell"),
    ]
    assert all(check.remedy.startswith("if ") for check in found)


def test_one_with_all_that_it_needs_is_told_with_the_way_to_sign_in() -> None:
    settings = replace(OPENID, alert_webhook=HOOK, public_url="https://clock.example", metrics_token="t0ken")
    assert told(settings) == {
        "web": [("ok", "RQCLOCK_SECRET_KEY is set")],
        "sign-in": [("ok", "through login.example")],
        "web metrics": [("ok", "/metrics answers who shows RQCLOCK_METRICS_TOKEN")],
        "alert links": [("ok", "to https://clock.example")],
    }


def test_a_closed_metrics_page_is_an_information_only() -> None:
    [(verdict, what)] = told(OPENID)["web metrics"]
    assert verdict == "ok" and "closed: RQCLOCK_METRICS_TOKEN is not set" in what


# --- the key


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (Settings(oidc_issuer="https://login.example"), "RQCLOCK_OIDC_ISSUER"),
        (Settings(oidc_client_id="clock"), "RQCLOCK_OIDC_CLIENT_ID"),
        (Settings(role_for="app.roles.role_for"), "RQCLOCK_ROLE_FOR"),
        (Settings(local_accounts="1"), "RQCLOCK_LOCAL_ACCOUNTS=1"),
    ],
)
def test_a_web_process_that_is_meant_and_has_no_key_is_a_warning(settings: Settings, name: str) -> None:
    assert one(settings, Verdict.WARNING).what == f"{name} is set, and RQCLOCK_SECRET_KEY is not"


@pytest.mark.parametrize("key", ["s3cret", "x" * (console.SHORTEST - 1)])
def test_a_short_key_is_a_warning_that_does_not_show_it(key: str) -> None:
    check = one(replace(OPENID, secret_key=key), Verdict.WARNING)
    assert check.what == f"RQCLOCK_SECRET_KEY has fewer than {console.SHORTEST} characters"
    assert key not in str(check.facts())
    assert "openssl rand -hex 32" in check.remedy


def samples() -> set[str]:
    """The keys that stand in our own examples."""
    compose = re.findall(r"RQCLOCK_SECRET_KEY:-([\w-]+)", (ROOT / "docker-compose.yml").read_text())
    secret = yaml.safe_load((DEPLOY / "kubernetes/secret.example.yaml").read_text())
    return {*compose, secret["stringData"]["RQCLOCK_SECRET_KEY"]}


@pytest.mark.parametrize("key", [*sorted(samples()), "Change-Me"])
def test_a_key_out_of_our_own_examples_is_a_warning(key: str) -> None:
    check = one(replace(OPENID, secret_key=key), Verdict.WARNING)
    assert check.what == "RQCLOCK_SECRET_KEY is a word out of an example"


# --- the sign-in


@pytest.mark.parametrize(
    ("settings", "closed_by"),
    [
        (Settings(), "local accounts are closed while RQCLOCK_ENVIRONMENT is not set"),
        (Settings(environment="production"), "local accounts are closed while RQCLOCK_ENVIRONMENT is production"),
        (Settings(environment="qa", local_accounts="0"), "RQCLOCK_LOCAL_ACCOUNTS=0"),
    ],
)
def test_no_way_to_sign_in_is_a_warning_with_what_closes_it(settings: Settings, closed_by: str) -> None:
    check = one(replace(settings, secret_key=KEY), Verdict.WARNING)
    assert check.what == f"nobody can sign in: RQCLOCK_OIDC_ISSUER is not set, and {closed_by}"
    assert "RQCLOCK_OIDC_CLIENT_ID" in check.remedy and "rqclock user add" in check.remedy


@pytest.mark.parametrize(
    ("settings", "ways"),
    [
        (Settings(environment="qa"), "with local accounts"),
        (Settings(environment="production", local_accounts="1"), "with local accounts"),
        (replace(OPENID, local_accounts="1"), "through login.example and with local accounts"),
        (Settings(environment="development", dev_sign_in="t0ken"), "by the link of rqclock dev"),
    ],
)
def test_every_way_to_sign_in_is_told(settings: Settings, ways: str) -> None:
    assert told(replace(settings, secret_key=KEY))["sign-in"] == [("ok", ways)]


@pytest.mark.parametrize("environment", ["production", "Live", "acme-eu"])
def test_the_link_of_development_in_production_is_a_failure_that_stops_no_deploy(environment: str) -> None:
    check = one(replace(OPENID, environment=environment, dev_sign_in="t0ken"), Verdict.FAILURE)
    assert check.what.startswith(f"RQCLOCK_DEV_SIGN_IN is set while RQCLOCK_ENVIRONMENT is {environment}")
    assert "t0ken" not in str(check.facts()) and not check.stops_deploy


def test_the_link_of_development_is_no_way_in_where_it_is_refused() -> None:
    checks = told(Settings(secret_key=KEY, environment="production", dev_sign_in="t0ken"))["sign-in"]
    assert [verdict for verdict, _ in checks] == ["failure", "warning"]


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (replace(OPENID, oidc_client_id=""), "RQCLOCK_OIDC_ISSUER is set, and RQCLOCK_OIDC_CLIENT_ID is not"),
        (replace(OPENID, oidc_issuer=""), "RQCLOCK_OIDC_CLIENT_ID is set, and RQCLOCK_OIDC_ISSUER is not"),
    ],
)
def test_a_provider_that_is_set_by_half_is_a_warning(settings: Settings, line: str) -> None:
    assert one(settings, Verdict.WARNING).what == line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("no.such.module", "RQCLOCK_ROLE_FOR=no.such.module cannot be imported: No module named 'no'"),
        ("nodots", "RQCLOCK_ROLE_FOR=nodots cannot be imported: Empty module name"),
        ("os.sep", "RQCLOCK_ROLE_FOR=os.sep is no function"),
    ],
)
def test_a_function_of_roles_that_would_end_the_web_process_is_a_failure_that_stops_no_deploy(
    path: str, line: str
) -> None:
    check = one(replace(OPENID, role_for=path), Verdict.FAILURE)
    assert (check.what, check.stops_deploy) == (line, False)


def test_a_function_of_roles_that_can_be_imported_is_fine() -> None:
    assert report.exit_code(judged(replace(OPENID, role_for="os:getcwd"))) == 0


# --- links


def test_alerts_without_links_are_a_warning_where_there_is_a_console() -> None:
    mail = replace(OPENID, alert_email=("ops@example.org",), smtp_url="smtp://mail.example")
    assert one(mail, Verdict.WARNING).what == "none: RQCLOCK_PUBLIC_URL is not set"


def test_nothing_is_said_of_links_where_there_are_no_alerts_or_pings_alone() -> None:
    assert "alert links" not in told(replace(OPENID, ping_url="https://hc.example/{schedule}"))


# --- together


def test_before_a_deploy_none_of_it_is_a_failure() -> None:
    worst = Settings(secret_key="x", role_for="nodots", oidc_issuer="https://login.example", alert_webhook=HOOK)
    found = [check.before_deploy() for check in judged(worst)]
    assert Verdict.FAILURE not in {check.verdict for check in found}
    assert report.exit_code(found, before_deploy=True) == 0


def test_all_that_is_wrong_says_why_and_what_to_do() -> None:
    worst = Settings(secret_key="x", role_for="nodots", oidc_issuer="https://login.example", alert_webhook=HOOK)
    wrong = [check for check in judged(worst) if check.verdict in report.CODES]
    assert len(wrong) == 4
    assert all(check.why and check.remedy for check in wrong)


def test_a_setting_that_cannot_be_read_is_not_told_to_be_absent() -> None:
    [check] = console.judge(Settings(), ("RQCLOCK_SECRET_KEY",))
    assert (str(check.verdict), check.what) == ("cannot tell", "its settings were not looked at")
