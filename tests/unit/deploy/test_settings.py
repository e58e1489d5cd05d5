"""The deployment files set what the table of settings names, and nothing that no process reads."""

from __future__ import annotations

import re

import pytest

from rqclock.settings import Settings
from tests.unit.deploy.places import (
    FOREIGN,
    NAMES,
    NEEDED,
    PLACES,
    SECRETS,
    bicep,
    of_app_json,
    of_azure_overlay,
    of_render,
    told_by,
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


def test_no_secret_lies_in_a_config_map() -> None:
    assert SECRETS & set(of_azure_overlay().told) == set()
    assert SECRETS & set(told_by("base", "overlays/production")) == set()


def test_a_setting_that_differs_between_services_is_not_left_to_the_base() -> None:
    """Else a copied overlay sends alerts with links to example.org."""
    yours = {"RQCLOCK_SERVICE", "RQCLOCK_PUBLIC_URL", "RQCLOCK_OIDC_ISSUER", "RQCLOCK_ADMINS"}
    assert yours & set(told_by("base")) == set()
    assert yours <= set(told_by("overlays/production"))


def test_no_overlay_hides_the_release_that_the_image_holds() -> None:
    """It would go on saying 1 on every page when the image has long been another."""
    assert "RQCLOCK_RELEASE" not in of_azure_overlay().all


def test_no_setting_comes_both_as_a_value_and_as_a_file() -> None:
    """Every process would refuse to start."""
    told = set(of_azure_overlay().told)
    assert {name for name in told if f"{name}_FILE" in told} == set()


def test_azure_gives_secrets_as_references_and_never_as_values() -> None:
    kinds = dict(re.findall(r"name: '([A-Z_]{4,})'\s+(secretRef|value):", bicep()))
    optional = set(re.findall(r"variable: '([A-Z_]{4,})'\s+value: \w+\n", bicep()))
    assert {name for name, kind in kinds.items() if (name in SECRETS) != (kind == "secretRef")} == {"DATABASE_URL"}
    assert kinds["DATABASE_URL"] == "secretRef"
    assert optional and optional <= SECRETS
    assert "map(given, one => {\n  name: one.variable\n  secretRef: one.name\n})" in bicep()


def test_what_azure_is_given_is_kept_secret_from_its_own_history_of_deployments() -> None:
    """A parameter without @secure() can be read there by everybody who may look at the group."""
    parameters = dict(re.findall(r"((?:@.+\n)*)param (\w+) string", bicep()))
    secure = {name for decorators, name in parameters.items() if "@secure()" in decorators}
    given = re.findall(r"(?:variable: '\w+'|name: '(?:secret-key|database-url)')\s+value: (\w+)\n", bicep())
    assert len(given) > 5 and {*given, "redisUrl"} == secure


def test_no_platform_is_told_a_secret_in_plain_text() -> None:
    assert SECRETS & set(of_app_json().told) == set()
    assert SECRETS & set(of_render().told) == set()
