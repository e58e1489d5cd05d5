"""The deployment files set what the table of settings names, and nothing that no process reads."""

from __future__ import annotations

import re

import pytest

from rqclock.settings import Settings
from tests.unit.deploy.places import (
    DEPLOY,
    FOREIGN,
    NAMES,
    NEEDED,
    PLACES,
    SECRETS,
    bicep,
    manifests,
    of_app_json,
    of_azure_overlay,
    of_production,
    of_render,
)

everywhere = pytest.mark.parametrize("place", PLACES)


@everywhere
def test_every_variable_is_one_that_somebody_reads(place: str) -> None:
    assert PLACES[place]().all - NAMES - FOREIGN == set()


@everywhere
def test_what_no_process_can_do_without_is_set(place: str) -> None:
    assert NEEDED - PLACES[place]().all == set()


@everywhere
def test_the_values_that_stand_there_can_be_read(place: str) -> None:
    told = {name: value for name, value in PLACES[place]().told.items() if not name.endswith("_FILE")}
    Settings.read({name: value for name, value in told.items() if "replace-me" not in value})


def test_overlays_change_only_what_is_a_setting() -> None:
    assert of_production().all - NAMES == set()
    Settings.read({name: value for name, value in of_production().told.items() if value != "replace-me"})


def test_no_secret_lies_in_a_config_map() -> None:
    (settings,) = manifests("ConfigMap")
    assert SECRETS & (set(settings["data"]) | set(of_production().told)) == set()
    assert SECRETS & set(of_azure_overlay().told) == set()


def test_azure_gives_secrets_as_references_and_never_as_values() -> None:
    kinds = dict(re.findall(r"name: '([A-Z_]{4,})'\s+(secretRef|value):", bicep()))
    assert kinds
    assert {name for name, kind in kinds.items() if (name in SECRETS) != (kind == "secretRef")} <= {"DATABASE_URL"}
    assert kinds["DATABASE_URL"] == "secretRef"


def test_no_platform_is_told_a_secret_in_plain_text() -> None:
    assert SECRETS & set(of_app_json().told) == set()
    assert SECRETS & set(of_render().told) == set()


def test_files_of_the_key_vault_are_those_that_the_settings_name() -> None:
    text = (DEPLOY / "kubernetes/overlays/azure/settings.yaml").read_text()
    mounted = set(re.findall(r"objectAlias: (\w+)", (DEPLOY / "kubernetes/overlays/azure/key-vault.yaml").read_text()))
    named = dict(re.findall(r"(\w+)_FILE: /secrets/(\w+)", text))
    assert named
    assert set(named.values()) <= mounted
    assert all(name == file and name in SECRETS for name, file in named.items())
