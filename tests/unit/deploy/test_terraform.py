"""The Terraform file is whole: what it refers to is declared, and nothing is started before the check has passed."""

from __future__ import annotations

import re

import pytest

from tests.unit.deploy.places import DEPLOY, SECRETS, terraform

APPLICATIONS = ["web_application", "worker_application", "clock_application", "standby_clock_application"]


def blocks(kind: str) -> dict[str, str]:
    """The text of each block, by its name."""
    return dict(re.findall(rf'^{kind} "(\w+)" \{{\n(.*?)^\}}$', terraform(), re.MULTILINE | re.DOTALL))


def test_every_module_that_another_refers_to_is_declared() -> None:
    assert set(re.findall(r"\bmodule\.(\w+)", terraform())) <= set(blocks("module"))


def test_every_variable_is_declared_and_used() -> None:
    assert set(re.findall(r"\bvar\.(\w+)", terraform())) == set(blocks("variable"))


def test_a_secret_is_shown_in_no_plan_and_lies_in_no_config_map() -> None:
    given = dict(re.findall(r"^ +([A-Z_]{4,}) += var\.(\w+)$", terraform(), re.MULTILINE))
    secret = {name for name in given if name in SECRETS | {"DATABASE_URL"}}
    sensitive = {name for name, text in blocks("variable").items() if "sensitive   = true" in text}
    assert {given[name] for name in secret} == sensitive
    (settings,) = re.findall(r"^  settings = \{\n(.*?)^  \}$", terraform(), re.MULTILINE | re.DOTALL)
    assert SECRETS & set(re.findall(r"[A-Z_]{4,}", settings)) == set()


@pytest.mark.parametrize("name", APPLICATIONS)
def test_no_process_is_changed_before_the_check_has_passed(name: str) -> None:
    (awaited,) = re.findall(r"depends_on = \[module\.(\w+)\]", blocks("module")[name])
    assert awaited == ("clock_application" if name == "standby_clock_application" else "release_job")


@pytest.mark.parametrize("name", APPLICATIONS)
def test_every_process_is_held_to_be_nobody_special(name: str) -> None:
    assert re.search(r"run_as_non_root +=\strue", blocks("module")[name])


def test_the_page_names_the_variables_on_which_it_depends_who_gets_in_and_who_is_told() -> None:
    page = (DEPLOY / "aks/README.md").read_text()
    named = {"oidc_issuer", "oidc_client_id", "oidc_client_secret", "admins", "support", "viewers", "public_url"}
    assert named <= set(blocks("variable"))
    assert {name for name in named | {"alert_webhook", "metrics_token"} if f"`{name}`" not in page} == set()
