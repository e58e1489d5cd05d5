from __future__ import annotations

import pytest
from flask import Flask

from rqclock.accounts import ROLES
from rqclock.errors import ConfigurationError
from rqclock.gunicorn_settings import PROBES
from rqclock.web import create_app
from rqclock.web.door import ENDPOINTS, own_path
from rqclock.web.users import User, may, role_for

NOWHERE = {"REDIS_URL": "redis://127.0.0.1:1/0", "RQCLOCK_SECRET_KEY": "for tests"}


@pytest.fixture
def app() -> Flask:
    """Its Redis does not exist: whatever needs one answers 503."""
    return create_app(NOWHERE)


@pytest.mark.parametrize("path", ["/", "/schedules/default/a%20b?x=1", "/rq/0/view/jobs", "/a//b", "/?next=https://x"])
def test_a_path_of_our_own_is_followed_after_sign_in(path: str) -> None:
    assert own_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "x",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/x\nSet-Cookie: a=b",
        " /x",
        "/x\\y",
        "/\x00",
    ],
)
def test_a_path_that_may_lead_elsewhere_is_not(path: str | None) -> None:
    assert own_path(path) is None


def test_every_endpoint_is_listed_or_closed_on_purpose(app: Flask) -> None:
    assert {rule.endpoint for rule in app.url_map.iter_rules()} - set(ENDPOINTS) == {"rq_dashboard.job_info"}
    assert set(ENDPOINTS) <= {rule.endpoint for rule in app.url_map.iter_rules()}


def test_a_visitor_reaches_the_sign_in_and_the_probe_and_nothing_else(app: Flask) -> None:
    visitor = app.test_client()
    paths = ["/", "/schedules/default/x", "/nowhere", "/rq/", "/rq/0/view/jobs", "/rq/static/css/main.css", "/rq/x"]
    assert {path: visitor.get(path).status_code for path in paths} == dict.fromkeys(paths, 302)
    assert visitor.get("/sign-in").status_code == 200
    assert visitor.get("/livez").status_code == 200
    assert visitor.get("/static/bar.css").status_code == 200


def test_the_probes_whose_good_requests_are_not_logged_are_addresses_that_there_are(app: Flask) -> None:
    assert set(PROBES) <= {rule.rule for rule in app.url_map.iter_rules()}


def test_a_role_may_do_what_weaker_ones_may() -> None:
    assert [[may(role, needed=needed) for needed in ROLES] for role in (None, "", "other", *ROLES)] == [
        [False, False, False],
        [False, False, False],
        [False, False, False],
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


def test_of_several_roles_the_strongest_counts_and_strange_ones_do_not() -> None:
    assert role_for(User("a@b", frozenset({"viewer", "admin", "king"}))) == "admin"
    assert role_for(User("a@b", frozenset({"king"}))) is None
    assert role_for(User("a@b")) is None


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"RQCLOCK_SECRET_KEY": ""}, "RQCLOCK_SECRET_KEY is not set"),
        ({"RQ_KEY_PREFIX": "other"}, "RQ_KEY_PREFIX is 'other', but RQ was loaded with 'rq'"),
        ({"RQCLOCK_PROXIES": "yes"}, "RQCLOCK_PROXIES 'yes'"),
        ({"RQCLOCK_PROXIES": "-1"}, "RQCLOCK_PROXIES '-1'"),
        ({"REDIS_URL": "http://x"}, "REDIS_URL must begin with"),
        (
            {"RQCLOCK_OIDC_ISSUER": "http://login.example.org"},
            "RQCLOCK_OIDC_ISSUER 'http://login",
        ),
        ({"RQCLOCK_SESSION_HOURS": "0"}, "RQCLOCK_SESSION_HOURS '0' is not a number of hours"),
        ({"RQCLOCK_LOCAL_ACCOUNTS": "yes"}, "RQCLOCK_LOCAL_ACCOUNTS 'yes' is neither 1 nor 0"),
        (
            {"RQCLOCK_DEV_SIGN_IN": "t0ken", "RQCLOCK_ENVIRONMENT": "production"},
            "RQCLOCK_DEV_SIGN_IN is set while RQCLOCK_ENVIRONMENT is production",
        ),
        (
            {"RQCLOCK_DEV_SIGN_IN": "t0ken", "RQCLOCK_ENVIRONMENT": "acme-eu"},
            "RQCLOCK_DEV_SIGN_IN is set while RQCLOCK_ENVIRONMENT is acme-eu",
        ),
        ({"RQCLOCK_ROLE_FOR": "nowhere.at_all"}, "RQCLOCK_ROLE_FOR 'nowhere.at_all' cannot be imported"),
        ({"RQCLOCK_ROLE_FOR": "rqclock.web.users.MISSING"}, "RQCLOCK_ROLE_FOR 'rqclock.web.users.MISSING' cannot be"),
    ],
)
def test_what_cannot_be_started_is_refused_in_one_line(change: dict[str, str], line: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        create_app(NOWHERE | change)
    assert str(refused.value).startswith(line) and "\n" not in str(refused.value)


@pytest.mark.parametrize("environment", [{}, {"RQCLOCK_ENVIRONMENT": "development"}, {"RQCLOCK_ENVIRONMENT": "qa"}])
def test_a_test_system_may_have_the_sign_in_link(environment: dict[str, str]) -> None:
    client = create_app(NOWHERE | {"RQCLOCK_DEV_SIGN_IN": "t0ken"} | environment).test_client()
    assert client.get("/sign-in/dev?token=wrong").status_code == 403


@pytest.mark.parametrize("by_dev", [True, False])
def test_the_pages_of_the_sign_in_link_name_bin_dev_only_where_it_runs(
    by_dev: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RQCLOCK_DEVELOPMENT", "1" if by_dev else "")
    client = create_app(NOWHERE | {"RQCLOCK_DEV_SIGN_IN": "t0ken"}).test_client()
    for path in ("/sign-in", "/sign-in/dev?token=wrong"):
        page = client.get(path).text
        assert ("bin/dev" in page, "RQCLOCK_DEV_SIGN_IN" in page) == (by_dev, not by_dev)
        assert "t0ken" not in page


@pytest.mark.parametrize(
    ("environment", "colour"),
    [("production", "production"), ("Prod", "production"), ("qa", "qa"), ("dev", "development"), ("blue", "other")],
)
def test_the_environment_stands_on_every_page_and_production_looks_different(environment: str, colour: str) -> None:
    names = {"RQCLOCK_ENVIRONMENT": environment, "RQCLOCK_SERVICE": "Apply", "RQCLOCK_RELEASE": "1.2"}
    page = create_app(NOWHERE | names).test_client().get("/sign-in").text
    assert f'<strong class="bar-tag {colour}">{environment}</strong>' in page
    assert f'<header class="bar {colour}">' in page
    assert f"<title>Sign in - Apply ({environment})</title>" in page and "release 1.2" in page


def test_a_page_that_breaks_shows_nothing_of_its_inside(app: Flask) -> None:
    def break_down() -> str:
        raise KeyError("inside")

    app.view_functions["livez"] = break_down
    answer = app.test_client().get("/livez")
    assert answer.status_code == 500 and "Something broke here" in answer.text and "inside" not in answer.text
