"""Compose on a laptop: settings of one's own reach the processes, and a person gets in by what the header says."""

from __future__ import annotations

import re
from typing import Any

from click.testing import CliRunner

from rqclock.cli.user import user_
from tests.unit.deploy.places import PROCESSES, ROOT, compose, of_compose

OURS = (*PROCESSES, "release")
TEXT = (ROOT / "docker-compose.yml").read_text()


def service(name: str) -> Any:
    return compose()["services"][name]


def test_a_file_of_ones_own_reaches_every_process_and_may_be_absent() -> None:
    assert [service(name)["env_file"] for name in OURS] == [[{"path": ".env", "required": False}]] * len(OURS)


def test_what_only_the_shell_sets_is_passed_on_and_never_as_an_empty_text() -> None:
    """An empty one hides that of `.env` and of NAME_FILE."""
    told = service("clock")["environment"]
    assert {name for name, value in told.items() if value is None} >= {"RQCLOCK_DEV_SIGN_IN", "RQCLOCK_ALERT_WEBHOOK"}
    assert "" not in of_compose().told.values()


def test_the_image_is_built_once_with_its_release_and_pulled_by_none() -> None:
    assert [name for name in OURS if "build" in service(name)] == ["release"]
    assert {(service(name)["image"], service(name)["pull_policy"]) for name in OURS} == {("rqclock-sample", "never")}
    assert {tuple(service(name)["depends_on"]) for name in PROCESSES} == {("redis", "release")}
    assert service("release")["build"]["args"] == {"RELEASE": "${RQCLOCK_RELEASE:-}"}


def test_no_variable_hides_the_release_that_the_image_holds() -> None:
    dockerfile = (ROOT / "deploy/Dockerfile").read_text()
    assert 'ARG RELEASE=""\nENV RQCLOCK_RELEASE=$RELEASE' in dockerfile
    assert not any("RQCLOCK_RELEASE" in service(name)["environment"] for name in OURS)


def test_the_header_says_how_an_account_is_made_in_words_that_the_command_takes() -> None:
    [words] = re.findall(r"^#   docker compose run --rm web rqclock user (.+)$", TEXT, re.MULTILINE)
    answer = CliRunner().invoke(user_, [*words.split(), "--help"])
    assert answer.exit_code == 0, answer.output
    assert "--role" in words and words.split()[-1] == "admin"
