"""A console that nobody can enter is no console: each place says who may, or asks for it."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

from rqclock.settings import Settings
from rqclock.settings.environments import local_accounts_open
from tests.unit.deploy.places import DEPLOY, PLACES, ROOT, render

PROVIDER = {"RQCLOCK_OIDC_ISSUER", "RQCLOCK_OIDC_CLIENT_ID", "RQCLOCK_OIDC_CLIENT_SECRET", "RQCLOCK_ADMINS"}


def accounts_do(told: dict[str, str]) -> bool:
    """Whether people get in with accounts of `rqclock user`, without anything else being set."""
    mine = {name: value for name, value in told.items() if name in ("RQCLOCK_ENVIRONMENT", "RQCLOCK_LOCAL_ACCOUNTS")}
    return local_accounts_open(Settings.read(mine))


@pytest.mark.parametrize("place", PLACES)
def test_each_place_names_the_provider_or_takes_local_accounts(place: str) -> None:
    environment = PLACES[place]()
    names = environment.all | {name.removesuffix("_FILE") for name in environment.all}
    assert names >= PROVIDER or accounts_do(environment.told)


@pytest.mark.parametrize("place", PLACES)
def test_each_place_says_where_the_console_is_so_that_alerts_lead_to_it(place: str) -> None:
    assert "RQCLOCK_PUBLIC_URL" in PLACES[place]().all


def test_render_asks_for_them_at_the_service_because_a_group_cannot() -> None:
    (web,) = [one for one in render()["services"] if one["type"] == "web"]
    asked = {one["key"] for one in web["envVars"] if one.get("sync") is False}
    assert asked == PROVIDER | {"RQCLOCK_PUBLIC_URL"}
    assert not [one for group in render()["envVarGroups"] for one in group["envVars"] if "sync" in one]


def test_a_clock_of_render_takes_the_address_from_the_console() -> None:
    (clock,) = [one for one in render()["services"] if one["name"] == "rqclock-clock"]
    (taken,) = [one["fromService"] for one in clock["envVars"] if one.get("key") == "RQCLOCK_PUBLIC_URL"]
    assert taken == {"type": "web", "name": "rqclock-web", "envVarKey": "RQCLOCK_PUBLIC_URL"}


def test_heroku_is_asked_for_what_the_table_says() -> None:
    described = {name: one["description"] for name, one in json.loads((ROOT / "app.json").read_text())["env"].items()}
    helps = {one.metadata["name"]: one.metadata["help"] for one in fields(Settings)}
    assert described == {name: helps[name][0].upper() + helps[name][1:] for name in described}


@pytest.mark.parametrize("page", ["paas.md", "systemd/README.md"])
def test_the_pages_say_it_and_how_a_first_account_is_made(page: str) -> None:
    text = " ".join((DEPLOY / page).read_text().split())
    assert (
        "may sign in" in text and "user add you@example.org --role admin" in text and "RQCLOCK_LOCAL_ACCOUNTS" in text
    )
